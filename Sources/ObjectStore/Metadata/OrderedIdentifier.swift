/// The text of version ids and upload ids: 32 characters of base64 (with `.` and `_`, which URLs take as they are and no
/// command line takes for an option) that hold a sequence number, masked so that ids tell no order, and the token that
/// makes them one of a kind.
///
/// Because the number can be read back, a row is found by its primary key (bucket, key, sequence) and needs no index on
/// its id; the token beside it in the row tells a true id from a made-up one.
enum OrderedIdentifier {
    static func text(sequence: Int64, token: Token) -> String {
        let bytes = (UInt64(bitPattern: sequence) ^ mask(token)).bigEndianOctets + token.bytes
        return String(unsafeUninitializedCapacity: 32) { space in
            for group in 0..<8 {
                let word =
                    UInt32(bytes[3 * group]) << 16 | UInt32(bytes[3 * group + 1]) << 8 | UInt32(bytes[3 * group + 2])
                for position in 0..<4 {
                    space[4 * group + position] = character(UInt8(word >> (18 - 6 * UInt32(position)) & 63))
                }
            }
            return 32
        }
    }

    /// - Returns: `nil` where the text has not the form of an id.
    static func decode(_ text: String) -> (sequence: Int64, token: Token)? {
        let characters = Array(text.utf8)
        guard characters.count == 32 else { return nil }
        var words: [UInt64] = [0, 0, 0]
        for (index, character) in characters.enumerated() {
            guard let value = value(character) else { return nil }
            // Six bits at a time, first bit first, over three words of 64.
            let bit = 6 * index
            let (word, shift) = (bit / 64, 58 - bit % 64)
            if shift >= 0 {
                words[word] |= UInt64(value) << UInt64(shift)
            } else {
                words[word] |= UInt64(value) >> UInt64(-shift)
                words[word + 1] |= UInt64(value) << UInt64(64 + shift)
            }
        }
        let token = Token(high: words[1], low: words[2])
        return (Int64(bitPattern: words[0] ^ mask(token)), token)
    }

    /// The finalizer of SplitMix64 over both words: no secret, only a shuffle.
    private static func mask(_ token: Token) -> UInt64 { mix(token.high &+ mix(token.low)) }

    private static func mix(_ word: UInt64) -> UInt64 {
        var word = word &+ 0x9e37_79b9_7f4a_7c15
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    private static func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + 65
        case 26..<52: value + 71
        case 52..<62: value - 4
        case 62: 46
        default: 95
        }
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 65...90: character - 65
        case 97...122: character - 71
        case 48...57: character + 4
        case 46: 62
        case 95: 63
        default: nil
        }
    }
}
