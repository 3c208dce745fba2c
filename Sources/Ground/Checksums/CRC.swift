/// Cyclic redundancy checks of the reflected kind that S3 knows, all with an initial value and a final XOR of ones.
public enum CRC {
    /// The checksum of `A` followed by `B`, from the checksums of both: how a multipart object gets its `FULL_OBJECT`
    /// checksum without being read again.
    ///
    /// - Parameters:
    ///   - a: the checksum of `A`, big-endian as ``ChecksumHasher/finalize()`` gives it.
    ///   - b: the checksum of `B`.
    ///   - lengthOfB: bytes of `B`; not negative.
    /// - Returns: `nil` where `algorithm` is no CRC or a value has not its length.
    public static func combine(
        _ a: [UInt8], _ b: [UInt8], lengthOfB: Int64, algorithm: ChecksumAlgorithm
    ) -> [UInt8]? {
        guard a.count == algorithm.length, b.count == algorithm.length, lengthOfB >= 0 else { return nil }
        switch algorithm {
        case .crc32: return combine(a, b, lengthOfB, CRCTables.crc32)
        case .crc32c: return combine(a, b, lengthOfB, CRCTables.crc32c)
        case .crc64nvme: return combine(a, b, lengthOfB, CRCTables.crc64nvme)
        case .sha1, .sha256: return nil
        }
    }

    private static func combine<Word>(
        _ a: [UInt8], _ b: [UInt8], _ lengthOfB: Int64, _ tables: CRCTables<Word>
    ) -> [UInt8] {
        let shifted = tables.multiply(Word(bigEndianBytes: a), tables.powerOfX(bytes: UInt64(lengthOfB)))
        return (shifted ^ Word(bigEndianBytes: b)).bigEndianBytes
    }
}

extension FixedWidthInteger {
    init(bigEndianBytes bytes: [UInt8]) { self = bytes.reduce(0) { $0 << 8 | Self($1) } }

    var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}

/// The tables of one reflected polynomial: entry `256 * k + byte` is what `byte` contributes when `k` bytes follow it
/// in a block of sixteen.
struct CRCTables<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private let polynomial: Word
    private let entries: [Word]

    init(polynomial: Word) {
        self.polynomial = polynomial
        var entries = [Word](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var value = Word(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ polynomial : value >> 1 }
            entries[byte] = value
        }
        for index in 256..<entries.count {
            let shorter = entries[index - 256]
            entries[index] = shorter >> 8 ^ entries[Int(truncatingIfNeeded: shorter & 0xFF)]
        }
        self.entries = entries
    }

    /// The register after `bytes`; it starts as all ones, and its complement is the checksum.
    func update(_ register: Word, _ bytes: UnsafeRawBufferPointer) -> Word {
        guard var place = bytes.baseAddress else { return register }
        return entries.withUnsafeBufferPointer { entries in
            guard let table = entries.baseAddress else { return register }
            let end = place + bytes.count
            var register = register
            while end - place >= 16 {
                let low =
                    UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)) ^ UInt64(truncatingIfNeeded: register)
                let high = UInt64(littleEndian: place.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                register = Self.fold(low, table + 8 * 256) ^ Self.fold(high, table)
                place += 16
            }
            while place < end {
                let byte = Word(truncatingIfNeeded: place.load(as: UInt8.self))
                register = register >> 8 ^ table[Int(truncatingIfNeeded: (register ^ byte) & 0xFF)]
                place += 1
            }
            return register
        }
    }

    /// What eight bytes contribute whose last one is `table`'s first 256 entries away from the end of the block.
    @inline(__always)
    private static func fold(_ bytes: UInt64, _ table: UnsafePointer<Word>) -> Word {
        @inline(__always)
        func entry(_ position: Int) -> Word {
            table[(7 - position) * 256 + Int(truncatingIfNeeded: bytes >> UInt64(8 * position) & 0xFF)]
        }
        return entry(0) ^ entry(1) ^ entry(2) ^ entry(3) ^ entry(4) ^ entry(5) ^ entry(6) ^ entry(7)
    }

    /// The product of two polynomials modulo this one. In the reflected order the highest bit is `x^0`.
    func multiply(_ a: Word, _ b: Word) -> Word {
        var product: Word = 0
        var shifted = b
        var bit: Word = 1 << (Word.bitWidth - 1)
        while bit != 0 {
            if a & bit != 0 { product ^= shifted }
            shifted = shifted & 1 == 1 ? shifted >> 1 ^ polynomial : shifted >> 1
            bit >>= 1
        }
        return product
    }

    /// `x^(8 * bytes)` modulo this polynomial, by squaring.
    func powerOfX(bytes: UInt64) -> Word {
        var result: Word = 1 << (Word.bitWidth - 1)
        var square: Word = 1 << (Word.bitWidth - 9)
        var rest = bytes
        while rest != 0 {
            if rest & 1 == 1 { result = multiply(result, square) }
            square = multiply(square, square)
            rest >>= 1
        }
        return result
    }
}

/// Made when first used, then shared by all threads.
private enum SharedTables {
    static let crc32 = CRCTables<UInt32>(polynomial: 0xEDB8_8320)
    static let crc32c = CRCTables<UInt32>(polynomial: 0x82F6_3B78)
    static let crc64nvme = CRCTables<UInt64>(polynomial: 0x9A6C_9329_AC4B_C9B5)
}

extension CRCTables where Word == UInt32 {
    static var crc32: CRCTables { SharedTables.crc32 }
    static var crc32c: CRCTables { SharedTables.crc32c }
}

extension CRCTables where Word == UInt64 {
    static var crc64nvme: CRCTables { SharedTables.crc64nvme }
}
