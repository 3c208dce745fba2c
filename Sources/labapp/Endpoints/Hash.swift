import Crypto
import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

// Work for the CPU.
extension App {
    /// `GET` or `POST /hash`: SHA-256 of `data`, hashed again to `MICRO_HASH_ROUNDS` rounds in all.
    func hash(_ request: AppRequest) async throws -> HTTPServerResponse {
        var data = request.query["data"]
        if data == nil, request.method == .POST { data = try await request.bodyFields().data }
        guard let data else { throw AppError.missing("data") }
        let started = WallClock.now
        let start = ContinuousClock.now
        let rounds = settings.hashRounds
        let digest = try await hasher.run { HashPool.digest(of: data, rounds: rounds) }
        return HTTPServerResponse(json: [
            ("ok", true), ("endpoint", "/hash"), ("started_utc", .string(started.iso8601(milliseconds: true))),
            ("input_len", .integer(data.unicodeScalars.count)), ("rounds", .integer(rounds)),
            ("digest_hex", .string(Hex.encode(digest))),
            ("timings_ms", .object([("total_ms", .number((ContinuousClock.now - start).milliseconds))])),
        ])
    }
}

/// Threads for work that keeps a core busy, as many as there are cores: the event loops stay free for everybody else.
final class HashPool: Sendable {
    /// More waiting work than this would be answered too late to be of use.
    private static let maximumWaiting = 1024

    private let pool: NIOThreadPool
    private let waiting = Atomic(0)

    init() {
        pool = NIOThreadPool(numberOfThreads: System.coreCount)
        pool.start()
    }

    /// - Throws: ``AppError`` where too many wait already, and what `work` throws.
    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.maximumWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            throw AppError(status: .serviceUnavailable, code: "Busy", message: "too many requests are waiting")
        }
        defer { waiting.subtract(1, ordering: .relaxed) }
        return try await pool.runIfActive(work)
    }

    func shutdown() async throws { try await pool.shutdownGracefully() }

    /// Round 1 hashes the bytes of `data`, each later one the digest before it.
    static func digest(of data: String, rounds: Int) -> SHA256Digest {
        var digest = SHA256.hash(data: Array(data.utf8))
        // A digest is its bytes and nothing else; read as such it costs a tenth less a round than through its own method.
        precondition(MemoryLayout<SHA256Digest>.size == SHA256Digest.byteCount)
        for _ in 1..<max(rounds, 1) {
            var hasher = SHA256()
            withUnsafeBytes(of: digest) { hasher.update(bufferPointer: $0) }
            digest = hasher.finalize()
        }
        return digest
    }
}
