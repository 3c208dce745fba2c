/// The pages of a listing, each asked for when the one before has been used.
///
///     for try await page in Pages(S3.ListObjectsV2Request(bucket: "b"), call: s3.listObjectsV2, next: { input, output in
///         output.nextContinuationToken.map { token in
///             var input = input
///             input.continuationToken = token
///             return input
///         }
///     }) { ... }
public struct Pages<Input: Sendable, Output: Sendable>: AsyncSequence, Sendable {
    private let first: Input
    private let call: @Sendable (Input) async throws -> Output
    private let next: @Sendable (Input, Output) -> Input?

    /// - Parameters:
    ///   - first: asks for the first page.
    ///   - call: the operation.
    ///   - next: what asks for the page behind the one that was answered; `nil` where that was the last.
    public init(
        _ first: Input, call: @escaping @Sendable (Input) async throws -> Output,
        next: @escaping @Sendable (Input, Output) -> Input?
    ) {
        self.first = first
        self.call = call
        self.next = next
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let pages: Pages
        private var input: Input?

        fileprivate init(_ pages: Pages) {
            self.pages = pages
            input = pages.first
        }

        /// - Throws: what the operation throws; there is no page behind one that failed.
        public mutating func next() async throws -> Output? {
            guard let asked = input else { return nil }
            input = nil
            let output = try await pages.call(asked)
            input = pages.next(asked, output)
            return output
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
