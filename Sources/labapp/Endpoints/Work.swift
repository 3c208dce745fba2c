import AWSModels
import AWSWire
import Ground
import HTTPServer
import NIOCore

// Work with S3, timed.
extension App {
    private enum WorkMode: String {
        case read, write, mixed
    }

    /// `GET /work`: writes random bytes, reads a key, or writes and reads back.
    func work(_ request: AppRequest) async throws -> HTTPServerResponse {
        guard let mode = WorkMode(rawValue: request.parameter("mode") ?? "mixed") else {
            throw AppError.badRequest("InvalidArgument", "mode must be read, write or mixed")
        }
        let size = min(max(try request.integer("size_kb") ?? 128, 1), 10240)
        let key = try AppRequest.checked(key: request.parameter("key") ?? "lab/test.bin")
        var members: [(name: String, value: JSON)] = [
            ("ok", true), ("mode", .string(mode.rawValue)), ("size_kb", .integer(size)),
            ("bucket", .string(settings.bucket)), ("key", .string(key)),
        ]
        var readKey = key
        if mode != .read {
            let writtenKey = try AppRequest.checked(key: "\(key).\(WallClock.now.milliseconds)")
            members += try await write(size << 10, to: writtenKey)
            readKey = writtenKey
        }
        if mode != .write { members += await read(readKey) }
        return HTTPServerResponse(json: members)
    }

    private func write(_ count: Int, to key: String) async throws -> [(name: String, value: JSON)] {
        let bytes = try await hasher.run { RandomBytes.buffer(of: count) }
        let start = ContinuousClock.now
        let output = try await s3.putObject(
            S3.PutObjectRequest(
                body: ByteStream(bytes), bucket: settings.bucket, contentType: "application/octet-stream", key: key))
        return [
            ("write", .object([("key", .string(key)), ("versionId", JSON(output.versionId))])),
            ("t_write_ms", .number((ContinuousClock.now - start).milliseconds)),
        ]
    }

    /// A read that fails does not fail the request: what it said is told.
    private func read(_ key: String) async -> [(name: String, value: JSON)] {
        let start = ContinuousClock.now
        do {
            let output = try await getObject(key, version: nil)
            var size = 0
            var reader = (output.body ?? .empty).makeReader()
            while let chunk = try await reader.next() { size += chunk.readableBytes }
            return [
                (
                    "read",
                    .object([
                        ("key", .string(key)), ("versionId", JSON(output.versionId)), ("size", .integer(size)),
                    ])
                ),
                ("t_read_ms", .number((ContinuousClock.now - start).milliseconds)),
            ]
        } catch {
            let told = AppError(error)
            return [("read_error", .string("\(told.code): \(told.message)"))]
        }
    }
}

/// Bytes that do not compress; nobody relies on their being secret.
enum RandomBytes {
    static func buffer(of count: Int) -> ByteBuffer {
        var generator = SplitMix64(state: UInt64.random(in: .min ... .max))
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count + 8)
        while buffer.readableBytes < count { buffer.writeInteger(generator.next()) }
        buffer.moveWriterIndex(to: count)
        return buffer
    }

    /// Steele, Lea and Flood's generator: the system's own costs a system call for every eight bytes.
    private struct SplitMix64 {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
