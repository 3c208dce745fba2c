/// How long a client waits, in wall time.
public struct Timeouts: Sendable {
    /// For a connection, TLS included.
    public var connect: Duration
    /// For the next bytes of an answer.
    public var readIdle: Duration
    /// For a whole call: all attempts and the waits between them, up to the answer, or for a streaming one its head.
    public var call: Duration

    public init(
        connect: Duration = .seconds(5), readIdle: Duration = .seconds(60), call: Duration = .seconds(300)
    ) {
        self.connect = connect
        self.readIdle = readIdle
        self.call = call
    }
}
