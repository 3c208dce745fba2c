import Ground
import Testing

@Suite struct TextFormTests {
    @Test func hexadecimal() {
        #expect(Hex.encode([0, 0x0F, 0xA5, 0xFF] as [UInt8]) == "000fa5ff")
        #expect(Hex.decode("000Fa5fF") == [0, 0x0F, 0xA5, 0xFF])
        #expect(Hex.decode("") == [])
        for broken in ["0", "0g", "é0", " 00"] { #expect(Hex.decode(broken) == nil) }
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64(plain: String, encoded: String) {
        #expect(Base64.encode(plain.utf8) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8=Zm8=", "Zm 8=", "====", "=", "Z", "Zm9v\n", "Zm-_"])
    func base64IsStrict(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func base64OfEveryLength() {
        for length in 0..<80 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test func percentEncoding() {
        #expect(PercentEncoding.encode("a b/é~+*'") == "a%20b%2F%C3%A9~%2B%2A%27")
        #expect(PercentEncoding.encode("a b/é", keepingSlash: true) == "a%20b/%C3%A9")
        #expect(PercentEncoding.decode("a%20b%2f+%252F") == "a b/+%2F")
        #expect(PercentEncoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
        #expect(PercentEncoding.decodeBytes("%ff%00") == [0xFF, 0])
        for broken in ["%", "%2", "%2g", "a%", "%ff"] { #expect(PercentEncoding.decode(broken) == nil) }
    }
}

@Suite struct TimestampFormatTests {
    private let moment = Timestamp(milliseconds: 1_795_507_687_123)

    @Test func writes() {
        #expect(moment.iso8601() == "2026-11-24T08:08:07.123Z")
        #expect(Timestamp(seconds: 1_795_507_687).iso8601() == "2026-11-24T08:08:07Z")
        #expect(Timestamp(seconds: 1_795_507_687).iso8601(milliseconds: true) == "2026-11-24T08:08:07.000Z")
        #expect(moment.httpDate == "Tue, 24 Nov 2026 08:08:07 GMT")
        #expect(moment.basic == "20261124T080807Z")
        #expect(Timestamp(milliseconds: -1).iso8601() == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(seconds: 951_782_400).httpDate == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(Timestamp(milliseconds: .max).iso8601() == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).iso8601() == "0000-01-01T00:00:00Z")
    }

    @Test(arguments: [
        "2026-11-24T08:08:07.123Z", "2026-11-24T08:08:07.123456789Z", "2026-11-24t08:08:07.123z",
        "2026-11-24T09:08:07.123+01:00", "2026-11-24T07:38:07.123-0030", "2026-11-24 08:08:07.123",
    ])
    func readsISO8601(text: String) {
        #expect(Timestamp(iso8601: text) == moment)
    }

    @Test func readsDatesAlone() {
        #expect(Timestamp(iso8601: "1970-01-02") == Timestamp(seconds: 86_400))
        #expect(Timestamp(iso8601: "1970-01-01T00:01Z") == Timestamp(seconds: 60))
        #expect(Timestamp(iso8601: "2016-12-31T23:59:60Z") == Timestamp(iso8601: "2016-12-31T23:59:59Z"))
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T08:08:07.Z",
        "2026-11-24T08:08:07ZZ", "2026-11-24T08:08:07+25:00", "26-11-24T08:08:07Z", "2026-1-24T08:08:07Z",
        "1900-02-29T00:00:00Z", "2026-11-24T", "2026-00-10T00:00:00Z", "2026-11-00T00:00:00Z",
    ])
    func refusesISO8601(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "sun, 6 nov 1994 8:49:37 gmt", "Sun, 06 Nov 1994 09:49:37 +0100", "Sun, 06 Nov 1994 08:49:37 UTC",
    ])
    func readsHTTPDates(text: String) {
        #expect(Timestamp(httpDate: text) == Timestamp(seconds: 784_111_777))
    }

    @Test(arguments: [
        "", "tomorrow", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994", "06 Nov 1994 08:49:37 GMT!",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 194 08:49:37 GMT", "2026-11-24T08:08:07Z",
    ])
    func refusesHTTPDates(text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }

    @Test func basicForm() {
        #expect(Timestamp(basic: "20261124T080807Z") == Timestamp(seconds: 1_795_507_687))
        for broken in [
            "", "20261124T080807", "20261124T080807ZZ", "20261324T080807Z", "2026-11-24T08:08:07Z", "20261124 080807Z",
        ] {
            #expect(Timestamp(basic: broken) == nil)
        }
    }

    @Test func epoch() {
        #expect(Timestamp(epoch: "1795507687.123") == moment)
        #expect(Timestamp(epoch: "1.795507687123e9") == moment)
        for broken in ["", "x", "nan", "1e300", "-1e20"] { #expect(Timestamp(epoch: broken) == nil) }
        #expect(Timestamp(epochSeconds: .infinity) == nil)
    }

    /// Every day of eight centuries, there and back.
    @Test func calendar() {
        var day: Int64 = -135_140  // 1600-01-01
        var previous = ""
        while day < 157_054 {
            let text = Timestamp(seconds: day * 86_400).iso8601()
            #expect(text > previous)
            if Timestamp(iso8601: text) != Timestamp(seconds: day * 86_400) { Issue.record("\(text)") }
            if Timestamp(httpDate: Timestamp(seconds: day * 86_400).httpDate) != Timestamp(seconds: day * 86_400) {
                Issue.record("\(text)")
            }
            previous = text
            day += 1
        }
        #expect(previous == "2399-12-31T00:00:00Z")
    }
}
