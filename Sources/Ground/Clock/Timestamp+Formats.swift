// The text forms that AWS writes timestamps in. Years run from 0000 to 9999: what has no four digits has no text form,
// so writers clamp to that range, and parsers refuse what lies outside of it.

/// A date and time of day in UTC, in the proleptic Gregorian calendar.
package struct CivilTime: Equatable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    package var millisecond: Int

    private static let millisecondsPerDay: Int64 = 86_400_000
    /// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Parts as they stand; `nil` where there is no such date or time. Second 60, a leap second, counts as 59.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, millisecond: Int = 0
    ) {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Self.days(inMonth: month, of: year), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second), (0...999).contains(millisecond)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = min(second, 59)
        self.millisecond = millisecond
    }

    package init(_ timestamp: Timestamp) {
        let milliseconds = min(max(timestamp.milliseconds, Self.range.lowerBound), Self.range.upperBound)
        var (days, time) = milliseconds.quotientAndRemainder(dividingBy: Self.millisecondsPerDay)
        if time < 0 {
            days -= 1
            time += Self.millisecondsPerDay
        }
        // Years that begin in March put the leap day last; 400 of them, an era, always have 146,097 days.
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = Int(time / 3_600_000)
        minute = Int(time / 60_000 % 60)
        second = Int(time / 1000 % 60)
        millisecond = Int(time % 1000)
    }

    package var timestamp: Timestamp {
        let time = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
        return Timestamp(milliseconds: Int64(daysSinceEpoch) * Self.millisecondsPerDay + Int64(time))
    }

    /// 0 is Sunday.
    package var weekday: Int {
        // 1970-01-01 was a Thursday.
        let day = (daysSinceEpoch + 4) % 7
        return day < 0 ? day + 7 : day
    }

    private var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }
}

extension Timestamp {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].map { Array($0.utf8) }
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ].map { Array($0.utf8) }

    /// `2026-11-24T08:08:07Z`, or `2026-11-24T08:08:07.123Z`.
    /// - Parameter milliseconds: whether three digits of them are written even where they are 0.
    public func iso8601(milliseconds always: Bool = false) -> String {
        let time = CivilTime(self)
        return String(unsafeUninitializedCapacity: 24) { space in
            var text = DateText(space)
            text.number(time.year, digits: 4)
            text.ascii("-")
            text.number(time.month)
            text.ascii("-")
            text.number(time.day)
            text.ascii("T")
            text.time(time)
            if always || time.millisecond != 0 {
                text.ascii(".")
                text.number(time.millisecond, digits: 3)
            }
            text.ascii("Z")
            return text.count
        }
    }

    /// `Tue, 24 Nov 2026 08:08:07 GMT`: HTTP's date, the IMF-fixdate of RFC 9110. Milliseconds are cut off.
    public var httpDate: String {
        let time = CivilTime(self)
        return String(unsafeUninitializedCapacity: 29) { space in
            var text = DateText(space)
            text.bytes(Self.weekdays[time.weekday])
            text.ascii(",")
            text.ascii(" ")
            text.number(time.day)
            text.ascii(" ")
            text.bytes(Self.months[time.month - 1])
            text.ascii(" ")
            text.number(time.year, digits: 4)
            text.ascii(" ")
            text.time(time)
            for letter in " GMT".unicodeScalars { text.ascii(letter) }
            return text.count
        }
    }

    /// `20261124T080807Z`: the date of a signature. Milliseconds are cut off.
    public var basic: String {
        let time = CivilTime(self)
        return String(unsafeUninitializedCapacity: 16) { space in
            var text = DateText(space)
            text.number(time.year, digits: 4)
            text.number(time.month)
            text.number(time.day)
            text.ascii("T")
            text.number(time.hour)
            text.number(time.minute)
            text.number(time.second)
            text.ascii("Z")
            return text.count
        }
    }

    /// A date and time of ISO 8601 as RFC 3339 narrows it: `2026-11-24T08:08:07.123Z`, with `+01:00` or `+0100` instead
    /// of `Z`, without zone for UTC, or a date alone for its midnight. Digits behind milliseconds are cut off.
    public init?(iso8601 text: some StringProtocol) {
        var scan = DateScanner(text)
        guard let year = scan.number(digits: 4), scan.skip("-"), let month = scan.number(digits: 2), scan.skip("-"),
            let day = scan.number(digits: 2)
        else { return nil }
        guard !scan.isAtEnd else {
            guard let date = CivilTime(year: year, month: month, day: day) else { return nil }
            self = date.timestamp
            return
        }
        guard scan.skip("T") || scan.skip("t") || scan.skip(" "), let hour = scan.number(digits: 2), scan.skip(":"),
            let minute = scan.number(digits: 2)
        else { return nil }
        var second = 0
        var millisecond = 0
        if scan.skip(":") {
            guard let whole = scan.number(digits: 2) else { return nil }
            second = whole
            if scan.skip(".") || scan.skip(",") {
                guard let fraction = scan.milliseconds() else { return nil }
                millisecond = fraction
            }
        }
        guard let offset = scan.zone(), scan.isAtEnd,
            let time = CivilTime(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                millisecond: millisecond)
        else { return nil }
        self = Timestamp(milliseconds: time.timestamp.milliseconds - Int64(offset) * 60_000)
    }

    /// The three forms that RFC 9110 has every HTTP recipient accept: `Sun, 06 Nov 1994 08:49:37 GMT`,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`. The day's name is not compared with the date; a
    /// two-digit year lies in 1970...2069.
    public init?(httpDate text: some StringProtocol) {
        var scan = DateScanner(text)
        scan.skipSpaces()
        scan.skipLetters()
        let isAscTime = !scan.skip(",")
        scan.skipSpaces()
        var month: Int?
        if isAscTime {
            month = scan.month(of: Self.months)
            scan.skipSpaces()
        }
        guard let day = scan.number(upTo: 2) else { return nil }
        var year: Int?
        if !isAscTime {
            guard scan.skip("-") || scan.skip(" ") else { return nil }
            month = scan.month(of: Self.months)
            guard scan.skip("-") || scan.skip(" ") else { return nil }
            year = scan.year()
        }
        scan.skipSpaces()
        guard let hour = scan.number(upTo: 2), scan.skip(":"), let minute = scan.number(digits: 2), scan.skip(":"),
            let second = scan.number(digits: 2)
        else { return nil }
        // Some clients write the fraction that the form has no place for.
        if scan.skip("."), scan.milliseconds() == nil { return nil }
        scan.skipSpaces()
        if isAscTime { year = scan.number(digits: 4) }
        scan.skipSpaces()
        let offset: Int
        if scan.isAtEnd || scan.skip(word: "GMT") || scan.skip(word: "UTC") || scan.skip(word: "Z") {
            offset = 0
        } else {
            guard let zone = scan.zone() else { return nil }
            offset = zone
        }
        scan.skipSpaces()
        guard scan.isAtEnd, let year, let month,
            let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self = Timestamp(milliseconds: time.timestamp.milliseconds - Int64(offset) * 60_000)
    }

    /// `20261124T080807Z`, and nothing else.
    public init?(basic text: some StringProtocol) {
        var scan = DateScanner(text)
        guard let year = scan.number(digits: 4), let month = scan.number(digits: 2), let day = scan.number(digits: 2),
            scan.skip("T"), let hour = scan.number(digits: 2), let minute = scan.number(digits: 2),
            let second = scan.number(digits: 2), scan.skip("Z"), scan.isAtEnd,
            let time = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        else { return nil }
        self = time.timestamp
    }

    /// Seconds since the epoch, rounded to milliseconds; `nil` for what is not finite or lies outside of the years
    /// 0000 to 9999.
    public init?(epochSeconds: Double) {
        let milliseconds = (epochSeconds * 1000).rounded()
        guard milliseconds >= -62_167_219_200_000, milliseconds <= 253_402_300_799_999 else { return nil }
        self.init(milliseconds: Int64(milliseconds))
    }

    /// Seconds since the epoch as text, with or without a fraction: `1732435687.123`.
    public init?(epoch text: some StringProtocol) {
        guard let seconds = Double(text), let value = Timestamp(epochSeconds: seconds) else { return nil }
        self = value
    }

    /// Seconds since the epoch, with milliseconds behind the point.
    public var epochSeconds: Double { Double(milliseconds) / 1000 }
}

/// Writes the parts of a date into a string's own storage.
private struct DateText {
    private let space: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ space: UnsafeMutableBufferPointer<UInt8>) { self.space = space }

    mutating func ascii(_ character: Unicode.Scalar) {
        space[count] = UInt8(ascii: character)
        count += 1
    }

    mutating func bytes(_ bytes: [UInt8]) {
        for byte in bytes {
            space[count] = byte
            count += 1
        }
    }

    mutating func number(_ value: Int, digits: Int = 2) {
        var rest = value
        for position in stride(from: count + digits - 1, through: count, by: -1) {
            space[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func time(_ time: CivilTime) {
        number(time.hour)
        ascii(":")
        number(time.minute)
        ascii(":")
        number(time.second)
    }
}

/// Reads the parts of a date from text. Nothing of it throws: a part that is not there is `nil` or `false`.
private struct DateScanner {
    /// No date of any form is longer; what is behind makes it none.
    private static let longest = 64

    private let text: [UInt8]
    private var position = 0

    init(_ text: some StringProtocol) { self.text = Array(text.utf8.prefix(Self.longest)) }

    var isAtEnd: Bool { position == text.count }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func skip(word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= text.count else { return false }
        for offset in 0..<length where text[position + offset] & 0xDF != word.utf8Start[offset] { return false }
        position += length
        return true
    }

    mutating func skipSpaces() {
        while next == UInt8(ascii: " ") { position += 1 }
    }

    mutating func skipLetters() {
        while let letter = next, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter | 0x20) { position += 1 }
    }

    /// A number of exactly `digits`.
    mutating func number(digits: Int) -> Int? {
        let start = position
        guard let value = number(upTo: digits), position - start == digits else { return nil }
        return value
    }

    /// A number of one digit or more, read until `digits` of them.
    mutating func number(upTo digits: Int) -> Int? {
        let start = position
        var value = 0
        while position - start < digits, let digit = next,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
        {
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            position += 1
        }
        return position > start ? value : nil
    }

    /// Milliseconds from a fraction of a second with any number of digits.
    mutating func milliseconds() -> Int? {
        let start = position
        var value = 0
        while let digit = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
            if position - start < 3 { value = value * 10 + Int(digit - UInt8(ascii: "0")) }
            position += 1
        }
        guard position > start else { return nil }
        for _ in min(position - start, 3)..<3 { value *= 10 }
        return value
    }

    /// A year of four digits, or of two in 1970...2069.
    mutating func year() -> Int? {
        let start = position
        guard let value = number(upTo: 4) else { return nil }
        switch position - start {
        case 4: return value
        case 2: return value < 70 ? 2000 + value : 1900 + value
        default: return nil
        }
    }

    /// 1...12, by the first three letters of an English name.
    mutating func month(of names: [[UInt8]]) -> Int? {
        guard position + 3 <= text.count else { return nil }
        for (index, name) in names.enumerated()
        where (0..<3).allSatisfy({ text[position + $0] | 0x20 == name[$0] | 0x20 }) {
            position += 3
            return index + 1
        }
        return nil
    }

    /// Minutes east of Greenwich: `Z`, `+hh:mm`, `+hhmm`, `+hh`, or nothing for 0.
    mutating func zone() -> Int? {
        if isAtEnd || skip("Z") || skip("z") { return 0 }
        let isWest = next == UInt8(ascii: "-")
        guard skip("+") || skip("-"), let hours = number(digits: 2), hours < 24 else { return nil }
        var minutes = 0
        if !isAtEnd, next != UInt8(ascii: " ") {
            _ = skip(":")
            guard let rest = number(digits: 2), rest < 60 else { return nil }
            minutes = rest
        }
        return (hours * 60 + minutes) * (isWest ? -1 : 1)
    }
}
