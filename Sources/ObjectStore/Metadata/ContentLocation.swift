import Ground

/// Names a file that holds one body: 16 random bytes, so that a name is never given twice.
package struct BlobID: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    static func random() -> BlobID {
        var generator = SystemRandomNumberGenerator()
        return BlobID(high: generator.next(), low: generator.next())
    }

    /// - Parameter bytes: 16 of them.
    init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 16 else { return nil }
        high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    var bytes: [UInt8] { high.bigEndianOctets + low.bigEndianOctets }

    /// 32 hex digits: the file's name.
    var text: String { Hex.encode(bytes) }

    init?(text: String) {
        guard let bytes = Hex.decode(text) else { return nil }
        guard let id = bytes.withUnsafeBytes({ BlobID(bytes: $0) }) else { return nil }
        self = id
    }
}

/// Where a run of bytes lies that was written in one piece: a whole object or a part.
enum Piece: Sendable, Hashable {
    /// There are no bytes.
    case none
    /// A record of a segment file, which begins at `offset`.
    case segment(id: Int64, offset: Int64)
    /// A file of its own.
    case blob(BlobID)
}

/// Where the bytes of a version lie.
package struct ContentLocation: Sendable {
    enum Layout: Sendable {
        case single(Piece)
        /// In the order of ``ObjectVersion/parts``.
        case parts([Piece])
        /// Not fetched, as in listings.
        case unknown
    }
    let bucket: Int64
    let layout: Layout
}

/// 16 random bytes that make an id one of a kind.
struct Token: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    static func random() -> Token {
        var generator = SystemRandomNumberGenerator()
        return Token(high: generator.next(), low: generator.next())
    }

    var bytes: [UInt8] { high.bigEndianOctets + low.bigEndianOctets }
}

extension Token {
    /// - Parameter bytes: 16 of them.
    init?(bytes: UnsafeRawBufferPointer) {
        guard let words = BlobID(bytes: bytes) else { return nil }
        self.init(high: words.high, low: words.low)
    }
}

extension FixedWidthInteger {
    var bigEndianOctets: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}
