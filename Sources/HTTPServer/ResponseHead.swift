import Ground
import NIOCore
import NIOHTTP1

/// Writes the head of an answer.
enum ResponseHead {
    /// How the peer learns where the body ends.
    enum Framing {
        case length(Int64)
        case chunked
        case untilClose
        /// There is no body; a length that the responder set is kept, else this one is told.
        case none(length: Int64?)
    }

    enum Persistence {
        case keepAlive
        /// HTTP/1.0 must be told.
        case keepAliveToldSo
        case close
    }

    /// Room for a usual head.
    static let usualBytes = 768

    static func write(
        _ response: HTTPServerResponse, _ framing: Framing, _ persistence: Persistence, _ date: DateHeader,
        into buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(String(response.status.code))
        buffer.writeStaticString(" ")
        buffer.writeFieldText(response.status.reasonPhrase)
        buffer.writeStaticString("\r\n")
        let keepsLength = if case .none = framing { true } else { false }
        var hasLength = false
        var hasDate = false
        for (name, value) in response.headers {
            switch name.utf8.count {
            case 4 where name.isField("date"): hasDate = true
            case 10 where name.isField("connection"): continue
            case 14 where name.isField("content-length"):
                guard keepsLength else { continue }
                hasLength = true
            case 17 where name.isField("transfer-encoding"): continue
            default: break
            }
            buffer.writeFieldText(name)
            buffer.writeStaticString(": ")
            buffer.writeFieldText(value)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .length(let length): writeLength(length, into: &buffer)
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .untilClose: break
        case .none(let length): if let length, !hasLength { writeLength(length, into: &buffer) }
        }
        if !hasDate { date.write(into: &buffer) }
        switch persistence {
        case .keepAlive: buffer.writeStaticString("\r\n")
        case .keepAliveToldSo: buffer.writeStaticString("Connection: keep-alive\r\n\r\n")
        case .close: buffer.writeStaticString("Connection: close\r\n\r\n")
        }
    }

    private static func writeLength(_ length: Int64, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("Content-Length: ")
        buffer.writeString(String(length))
        buffer.writeStaticString("\r\n")
    }
}

extension ByteBuffer {
    /// Writes text of a header field. Control characters become spaces: none of them may end the field, whoever
    /// brought it into the answer.
    fileprivate mutating func writeFieldText(_ text: String) {
        if text.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
            writeBytes(text.utf8.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? UInt8(ascii: " ") : $0 })
        } else {
            writeString(text)
        }
    }
}

/// The `Date` field, made once a second. Wall time: clients correct their signatures' clock by it.
final class DateHeader {
    private var second = Int64.min
    private var line = ByteBuffer()

    func write(into buffer: inout ByteBuffer) {
        let now = WallClock.now
        if now.seconds != second {
            second = now.seconds
            line = ByteBuffer(string: "Date: \(now.httpDate)\r\n")
        }
        buffer.writeImmutableBuffer(line)
    }
}
