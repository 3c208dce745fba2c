import Ground
import HTTPServer
import NIOCore

/// One page of a listing.
struct ListingPage<Cursor: Sendable>: Sendable {
    let items: [JSON]
    /// Where the next page begins; `nil` behind the last one.
    let next: Cursor?
}

/// An answer whose array is written page by page, each asked for when the one before has gone out: memory stays flat
/// however long the listing is. A page that fails cuts the connection, so that a part never looks like the whole.
actor PagedAnswer<Cursor: Sendable> {
    typealias Fetch = @Sendable (_ cursor: Cursor?, _ maximum: Int) async throws -> ListingPage<Cursor>

    /// What S3 gives at most in one page.
    private static var maximumPage: Int { 1000 }

    private let fetch: Fetch
    private let tail: @Sendable (_ next: Cursor?) -> [(name: String, value: JSON)]
    private var page: ListingPage<Cursor>
    /// Items that may still be asked for; `nil` for all.
    private var remaining: Int?
    private var opening: ByteBuffer?
    private var isFinished = false

    /// - Parameters:
    ///   - head: the members before the array.
    ///   - limit: the most items; `nil` for all.
    ///   - cursor: where to begin; `nil` for the beginning.
    ///   - tail: the members behind the array, told where the rest begins if there is one.
    /// - Throws: what the first page throws: that one is fetched before anything is answered.
    static func response(
        head: [(name: String, value: JSON)], array: String, limit: Int?, from cursor: Cursor?,
        fetch: @escaping Fetch, tail: @escaping @Sendable (Cursor?) -> [(name: String, value: JSON)]
    ) async throws -> HTTPServerResponse {
        let first = try await fetch(cursor, min(limit ?? maximumPage, maximumPage))
        var opening = ByteBuffer(string: "{")
        JSON.write(head, to: &opening)
        opening.writeString(",\"\(array)\":[")
        let answer = PagedAnswer(fetch: fetch, tail: tail, first: first, limit: limit, opening: opening)
        return HTTPServerResponse(
            status: .ok, headers: ["Content-Type": "application/json"],
            body: ByteStream(length: nil) { try await answer.nextChunk() })
    }

    private init(
        fetch: @escaping Fetch, tail: @escaping @Sendable (Cursor?) -> [(name: String, value: JSON)],
        first: ListingPage<Cursor>, limit: Int?, opening: ByteBuffer
    ) {
        self.fetch = fetch
        self.tail = tail
        self.page = first
        self.remaining = limit.map { $0 - first.items.count }
        self.opening = opening
    }

    private func nextChunk() async throws -> ByteBuffer? {
        guard !isFinished else { return nil }
        var chunk = ByteBuffer()
        let isFirst = opening != nil
        if let opening {
            chunk = opening
            self.opening = nil
        } else {
            page = try await fetch(page.next, min(remaining ?? Self.maximumPage, Self.maximumPage))
            remaining = remaining.map { $0 - page.items.count }
        }
        for (index, item) in page.items.enumerated() {
            if index > 0 || !isFirst { chunk.writeStaticString(",") }
            item.write(to: &chunk)
        }
        if page.next == nil || remaining.map({ $0 <= 0 }) == true {
            isFinished = true
            chunk.writeStaticString("],")
            JSON.write(tail(page.next), to: &chunk)
            chunk.writeStaticString("}")
        }
        return chunk
    }
}
