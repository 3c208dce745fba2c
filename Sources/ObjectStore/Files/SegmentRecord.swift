import Ground
import NIOCore

/// The form of a record in a segment file: a small body behind a header that tells whose it is, under one CRC-32C.
///
/// The header names the row the body belongs to, so that compaction can go through a segment and ask of each record
/// whether its row still points to it, with no index from segments to rows.
///
///     magic 4 | CRC-32C of all that follows 4 | body length 4 | key length 2 | part 2
///     bucket 8 | sequence 8 | key | body
enum SegmentRecord {
    static let magic: UInt32 = 0x534b_5931
    static let headerLength = 32

    /// Whose body it is: the version, or with a part number above 0 that part of the upload.
    struct Owner: Sendable, Equatable {
        var bucket: Int64
        var key: [UInt8]
        var sequence: Int64
        var part: Int
    }

    static func length(keyLength: Int, bodyLength: Int) -> Int { headerLength + keyLength + bodyLength }

    static func append(_ body: ByteBuffer, of owner: Owner, to buffer: inout ByteBuffer) {
        let start = buffer.writerIndex
        buffer.writeInteger(magic)
        buffer.writeInteger(UInt32(0))
        buffer.writeInteger(UInt32(body.readableBytes))
        buffer.writeInteger(UInt16(owner.key.count))
        buffer.writeInteger(UInt16(owner.part))
        buffer.writeInteger(owner.bucket)
        buffer.writeInteger(owner.sequence)
        buffer.writeBytes(owner.key)
        buffer.writeImmutableBuffer(body)
        let covered = start - buffer.readerIndex + 8
        let checksum = buffer.withUnsafeReadableBytes { bytes in
            Self.checksum(UnsafeRawBufferPointer(rebasing: bytes.dropFirst(covered)))
        }
        buffer.setInteger(checksum, at: start + 4)
    }

    /// The first record in `buffer`, which is read up to its end.
    /// - Returns: `nil` where there is no whole and undamaged record; `buffer` stays as it was.
    static func read(from buffer: inout ByteBuffer) -> (owner: Owner, body: ByteBuffer)? {
        guard let length = length(in: buffer), let record = buffer.getSlice(at: buffer.readerIndex, length: length)
        else {
            return nil
        }
        var rest = record
        guard rest.readInteger(as: UInt32.self) == magic, let stored = rest.readInteger(as: UInt32.self),
            rest.withUnsafeReadableBytes({ checksum($0) }) == stored,
            let bodyLength = rest.readInteger(as: UInt32.self), let keyLength = rest.readInteger(as: UInt16.self),
            let part = rest.readInteger(as: UInt16.self), let bucket = rest.readInteger(as: Int64.self),
            let sequence = rest.readInteger(as: Int64.self), let key = rest.readBytes(length: Int(keyLength)),
            let body = rest.readSlice(length: Int(bodyLength))
        else { return nil }
        buffer.moveReaderIndex(forwardBy: length)
        return (Owner(bucket: bucket, key: key, sequence: sequence, part: Int(part)), body)
    }

    /// How long the first record claims to be, where its header is there.
    static func length(in buffer: ByteBuffer) -> Int? {
        let start = buffer.readerIndex
        guard let bodyLength = buffer.getInteger(at: start + 8, as: UInt32.self),
            let keyLength = buffer.getInteger(at: start + 12, as: UInt16.self)
        else { return nil }
        return length(keyLength: Int(keyLength), bodyLength: Int(bodyLength))
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var hasher = ChecksumHasher(.crc32c)
        hasher.update(bytes)
        return hasher.finalize().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
