import Ground
import NIOCore
import Testing

@Suite struct ChecksumTests {
    private static let check = Array("123456789".utf8)

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func checksum(_ algorithm: ChecksumAlgorithm, _ bytes: some Sequence<UInt8>) -> [UInt8] {
        ChecksumHasher.checksum(algorithm, of: ByteBuffer(bytes: bytes))
    }

    private func randomBytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    @Test(arguments: [
        (ChecksumAlgorithm.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64nvme, "ae8b14860a799888"),
        (.sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ])
    func knownAnswers(_ algorithm: ChecksumAlgorithm, _ expected: String) {
        #expect(hex(checksum(algorithm, Self.check)) == expected)
        #expect(expected.utf8.count == 2 * algorithm.length)
    }

    @Test(arguments: [
        (ChecksumAlgorithm.crc32, "00000000"), (.crc32c, "00000000"), (.crc64nvme, "0000000000000000"),
        (.sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ])
    func nothing(_ algorithm: ChecksumAlgorithm, _ expected: String) {
        #expect(hex(checksum(algorithm, [])) == expected)
    }

    /// RFC 3720, B.4.
    @Test func castagnoliOfThirtyTwoBytes() {
        #expect(hex(checksum(.crc32c, [UInt8](repeating: 0, count: 32))) == "8a9136aa")
        #expect(hex(checksum(.crc32c, [UInt8](repeating: 0xFF, count: 32))) == "62a8ab43")
        #expect(hex(checksum(.crc32c, 0..<32)) == "46dd794e")
    }

    @Test func aHasherStartsAnewAfterItsEnd() {
        for algorithm in ChecksumAlgorithm.allCases {
            var hasher = ChecksumHasher(algorithm)
            hasher.update(ByteBuffer(bytes: Self.check))
            let first = hasher.finalize()
            hasher.update(ByteBuffer(bytes: Self.check))
            #expect(hasher.finalize() == first)
        }
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func piecesGiveWhatTheWholeGives(_ algorithm: ChecksumAlgorithm) {
        var generator = SeededGenerator(state: 1)
        for length in [0, 1, 7, 15, 16, 17, 31, 32, 33, 255, 1000, 4099] {
            let bytes = randomBytes(length, &generator)
            let whole = checksum(algorithm, bytes)
            for _ in 0..<8 {
                var hasher = ChecksumHasher(algorithm)
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Int.random(in: 1...rest.count, using: &generator)
                    hasher.update(ByteBuffer(bytes: rest.prefix(count)))
                    rest = rest.dropFirst(count)
                }
                #expect(hasher.finalize() == whole, "\(length) bytes")
            }
        }
    }

    /// Bit by bit, as the definition says.
    @Test func tablesAgreeWithTheDefinition() {
        var generator = SeededGenerator(state: 2)
        for length in 0..<70 {
            let bytes = randomBytes(length, &generator)
            var register = UInt64.max
            for byte in bytes {
                register ^= UInt64(byte)
                for _ in 0..<8 {
                    register = register & 1 == 1 ? register >> 1 ^ 0x9A6C_9329_AC4B_C9B5 : register >> 1
                }
            }
            let expected = (0..<8).map { UInt8(truncatingIfNeeded: ~register >> UInt64(56 - 8 * $0)) }
            #expect(checksum(.crc64nvme, bytes) == expected)
        }
    }

    @Test(arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
    func combineIsTheChecksumOfBothInARow(_ algorithm: ChecksumAlgorithm) {
        var generator = SeededGenerator(state: 3)
        for (first, second) in [(0, 0), (0, 5), (5, 0), (1, 1), (9, 300), (1000, 1), (333, 4096), (70, 65_537)] {
            let a = randomBytes(first, &generator)
            let b = randomBytes(second, &generator)
            let combined = CRC.combine(
                checksum(algorithm, a), checksum(algorithm, b), lengthOfB: Int64(second), algorithm: algorithm)
            #expect(combined == checksum(algorithm, a + b), "\(first) and \(second) bytes")
        }
    }

    /// Combination is associative, also at lengths that nobody hashes in a test.
    @Test(arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
    func combineIsAssociative(_ algorithm: ChecksumAlgorithm) throws {
        let parts = ["a", "bc", "def"].map { checksum(algorithm, $0.utf8) }
        let (second, third): (Int64, Int64) = (5 << 30, 7_777_777_777)
        let left = try #require(CRC.combine(parts[0], parts[1], lengthOfB: second, algorithm: algorithm))
        let right = try #require(CRC.combine(parts[1], parts[2], lengthOfB: third, algorithm: algorithm))
        #expect(
            CRC.combine(left, parts[2], lengthOfB: third, algorithm: algorithm)
                == CRC.combine(parts[0], right, lengthOfB: second + third, algorithm: algorithm))
    }

    @Test func whatCannotBeCombinedIsRefused() {
        let sha = checksum(.sha1, Self.check)
        #expect(CRC.combine(sha, sha, lengthOfB: 9, algorithm: .sha1) == nil)
        #expect(CRC.combine([1, 2, 3], [1, 2, 3, 4], lengthOfB: 4, algorithm: .crc32) == nil)
        #expect(CRC.combine([1, 2, 3, 4], [1, 2, 3, 4], lengthOfB: -1, algorithm: .crc32) == nil)
    }
}

/// SplitMix64: the same numbers in every run.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
