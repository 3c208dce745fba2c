import Ground
import NIOHTTP1

/// What the server must know of a request's head, found in one walk over its fields.
struct RequestHead {
    enum Framing: Equatable {
        case length(Int64)
        case chunked
    }

    let method: HTTPMethod
    let uri: String
    let headers: HTTPHeaders
    let version: HTTPVersion
    let framing: Framing
    let expectsContinue: Bool
    /// Whether the client would send another request on this connection.
    let isKeepAlive: Bool

    /// - Throws: what is wrong with it; the decoder has checked its grammar.
    init(_ head: HTTPRequestHead, maximumURIBytes: Int) throws(HTTPProtocolError) {
        guard head.uri.utf8.count <= maximumURIBytes else { throw .uriTooLong(limit: maximumURIBytes) }
        let isHTTP11 = head.version.minor >= 1
        var hosts = 0
        var framing = Framing.length(0)
        var expectsContinue = false
        var switchesProtocol = head.method == .CONNECT
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where name.isField("host"): hosts += 1
            case 6 where name.isField("expect"):
                guard value.isField("100-continue") else { throw .unsupportedExpectation }
                expectsContinue = isHTTP11
            case 7 where name.isField("upgrade"): switchesProtocol = true
            case 14 where name.isField("content-length"):
                guard let length = Int64(value), length >= 0, framing != .chunked else {
                    throw .malformedRequest("invalid Content-Length")
                }
                framing = .length(length)
            case 17 where name.isField("transfer-encoding"):
                guard value.isField("chunked"), framing == .length(0), isHTTP11 else {
                    throw .malformedRequest("unsupported Transfer-Encoding")
                }
                framing = .chunked
            default: break
            }
        }
        guard hosts == 1 || (hosts == 0 && !isHTTP11) else { throw .malformedRequest("not exactly one Host") }
        method = head.method
        version = head.version
        self.framing = framing
        self.expectsContinue = expectsContinue
        // The decoder reads nothing behind a request that asks for another protocol.
        isKeepAlive = head.isKeepAlive && !switchesProtocol
        if let (authority, target) = Self.absoluteForm(head.uri) {
            var headers = head.headers
            headers.replaceOrAdd(name: "Host", value: authority)
            self.headers = headers
            uri = target
        } else {
            headers = head.headers
            uri = head.uri
        }
    }

    /// Authority and the rest of `http://authority/path?query`.
    private static func absoluteForm(_ uri: String) -> (authority: String, target: String)? {
        guard uri.utf8.first != UInt8(ascii: "/") else { return nil }
        let rest: Substring.UTF8View
        if uri.lowercased().hasPrefix("http://") {
            rest = uri.utf8.dropFirst(7)
        } else if uri.lowercased().hasPrefix("https://") {
            rest = uri.utf8.dropFirst(8)
        } else {
            return nil
        }
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let target = String(Substring(rest[end...]))
        return (String(Substring(rest[..<end])), target.utf8.first == UInt8(ascii: "/") ? target : "/" + target)
    }
}

extension String {
    /// Whether this is `name`, which is in lower case, in any case.
    func isField(_ name: StaticString) -> Bool {
        guard utf8.count == name.utf8CodeUnitCount else { return false }
        var expected = name.utf8Start
        for byte in utf8 {
            let lower = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
            if lower != expected.pointee { return false }
            expected += 1
        }
        return true
    }
}
