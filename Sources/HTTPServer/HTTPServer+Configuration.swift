import Ground
import NIOCore
import NIOHTTP1

extension HTTPServer {
    /// Bounds and time-outs. Times are wall time: sockets know nothing of the cloud clock.
    public struct Configuration: Sendable {
        /// Connections at a time; a further one is answered ``HTTPProtocolError/tooManyConnections`` and closed.
        public var maximumConnections = 10_000
        /// Bytes of request line and header fields together.
        public var maximumHeaderBytes = 64 * 1024
        /// Header fields of a request.
        public var maximumHeaderFields = 2048
        /// Bytes of a request target.
        public var maximumURIBytes = 16 * 1024
        /// Bodies up to this many bytes are collected before the responder is asked.
        public var collectedBodyBytes = 64 * 1024
        /// Bytes of a body that are read ahead of its reader.
        public var bodyWindow = 1 << 20
        /// Bytes of an unread body that are still read after the answer, to keep the connection.
        public var drainedBodyBytes = 256 * 1024
        /// From accepting a connection to the end of its first request's header section.
        public var headerTimeout = Duration.seconds(30)
        /// From the end of an answer to the end of the next request's header section.
        public var idleTimeout = Duration.seconds(75)
        /// Without a byte of a body that is waited for.
        public var bodyTimeout = Duration.seconds(30)
        /// Without the peer taking any of an answer.
        public var writeTimeout = Duration.seconds(60)
        /// How long a connection that is given up still takes in what the peer sends, so that the answer which is on
        /// its way is not lost with it.
        public var lingerTimeout = Duration.seconds(2)
        /// Writes the answers that the server gives by itself. ``HTTPProtocolError/status`` is the status to use; the
        /// connection is closed afterwards, except for ``HTTPProtocolError/responseBodyFailed(_:)``.
        public var protocolError: @Sendable (HTTPProtocolError) -> HTTPServerResponse = { error in
            HTTPServerResponse(
                status: error.status, headers: ["Content-Type": "text/plain"],
                body: ByteStream("\(error.status.code) \(error.status.reasonPhrase)\n"))
        }

        public init() {}

        var decoderLimits: NIOHTTPDecoderLimitConfiguration {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = maximumHeaderBytes
            limits.maxHeaderListSize = maximumHeaderBytes
            limits.maxHeaderFieldCount = maximumHeaderFields
            return limits
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
