import Ground
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// How answers go out. All of it runs on the connection's event loop, since the tasks do.
extension HTTPConnection {
    /// Bodies up to this size are copied behind the head: cheaper than a second buffer in the system call.
    private static var copiedBytes: Int64 { 8 * 1024 }
    /// Files up to this size are read rather than handed to sendfile, which would need a call of its own.
    private static var inlineFileBytes: Int64 { 64 * 1024 }
    /// What is handed to sendfile at a time: the write time-out is about this much.
    private static var regionBytes: Int64 { 2 << 20 }

    func answer(_ response: HTTPServerResponse, _ exchange: Exchange) async {
        guard isCurrent(exchange) else { return }
        guard exchange.method != .HEAD, response.status.mayHaveResponseBody else {
            return await answer(
                response, exchange, .none(length: exchange.method == .HEAD ? response.body.length : nil))
        }
        switch response.body.source {
        case .buffer(let body): await answer(response, exchange, .length(Int64(body.readableBytes)), body)
        case .files(let slices): await answer(response, exchange, slices)
        case .pull(let next): await answer(response, exchange, next)
        }
    }

    /// The answer of a responder whose body can't be read.
    private func answerFailure(_ error: any Error, _ exchange: Exchange) async {
        guard isCurrent(exchange) else { return }
        let response = loop.configuration.protocolError(.responseBodyFailed(error))
        guard case .buffer(let body) = response.body.source else { return cut() }
        await answer(response, exchange, .length(Int64(body.readableBytes)), body)
    }

    // MARK: In one go

    private func answer(
        _ response: HTTPServerResponse, _ exchange: Exchange, _ framing: ResponseHead.Framing,
        _ body: ByteBuffer = ByteBuffer()
    ) async {
        let isLast = isLast(response, exchange)
        write(head(response, exchange, framing, isLast, room: body.readableBytes), with: body)
        context?.flush()
        // The next request waits until this answer is on its way, or a peer that only asks fills the memory.
        await waitUntilWritable(exchange)
        if isCurrent(exchange) { finish(exchange, closing: isLast) }
    }

    private func head(
        _ response: HTTPServerResponse, _ exchange: Exchange, _ framing: ResponseHead.Framing, _ isLast: Bool,
        room: Int = 0
    ) -> ByteBuffer {
        let copied = room <= Self.copiedBytes ? room : 0
        var head = ByteBufferAllocator().buffer(capacity: ResponseHead.usualBytes + copied)
        let persistence: ResponseHead.Persistence =
            isLast ? .close : exchange.version.minor == 0 ? .keepAliveToldSo : .keepAlive
        ResponseHead.write(response, framing, persistence, loop.date, into: &head)
        return head
    }

    private func write(_ head: ByteBuffer, with body: ByteBuffer) {
        var head = head
        if body.readableBytes <= Self.copiedBytes {
            head.writeImmutableBuffer(body)
            write(head)
        } else {
            write(head)
            write(body)
        }
    }

    private func write(_ buffer: ByteBuffer) {
        context?.write(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
    }

    // MARK: From files

    private func answer(_ response: HTTPServerResponse, _ exchange: Exchange, _ slices: [FileSlice]) async {
        let length = slices.reduce(0) { $0 + $1.length }
        do {
            if length <= Self.inlineFileBytes {
                var body = ByteBuffer()
                for slice in slices where slice.length > 0 {
                    var bytes = try slice.file.read(Int(slice.length), at: slice.offset)
                    if slices.count == 1 { body = bytes } else { body.writeBuffer(&bytes) }
                }
                return await answer(response, exchange, .length(length), body)
            }
            for slice in slices { try slice.checkSize() }
        } catch {
            return await answerFailure(error, exchange)
        }
        let isLast = isLast(response, exchange)
        write(head(response, exchange, .length(length), isLast))
        do {
            for slice in slices { try await send(slice, exchange) }
        } catch {
            return isCurrent(exchange) ? cut() : ()
        }
        if isCurrent(exchange) { finish(exchange, closing: isLast) }
    }

    private func send(_ slice: FileSlice, _ exchange: Exchange) async throws {
        // `OpenFile` closes the descriptor, and the caller holds it until the last write is done. The handle only lends
        // it to NIO.
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: slice.file.descriptor)
        defer { _ = try? handle.takeDescriptorOwnership() }
        var offset = slice.offset
        let end = slice.offset + slice.length
        while offset < end {
            let next = min(offset + Self.regionBytes, end)
            let region = FileRegion(fileHandle: handle, readerIndex: Int(offset), endIndex: Int(next))
            try await writeThrough(.fileRegion(region), exchange)
            offset = next
        }
    }

    // MARK: From a producer

    private func answer(
        _ response: HTTPServerResponse, _ exchange: Exchange, _ next: @Sendable () async throws -> ByteBuffer?
    ) async {
        var chunk: ByteBuffer?
        do {
            chunk = try await nextChunk(next)
        } catch {
            return await answerFailure(error, exchange)
        }
        guard isCurrent(exchange) else { return }
        let length = response.body.length ?? response.headers.first(name: "content-length").flatMap { Int64($0) }
        let isUntilClose = length == nil && exchange.version.minor == 0
        let isLast = isLast(response, exchange) || isUntilClose
        let framing: ResponseHead.Framing =
            if let length { .length(length) } else if isUntilClose { .untilClose } else { .chunked }
        write(head(response, exchange, framing, isLast))
        var sent: Int64 = 0
        do {
            while let bytes = chunk {
                sent += Int64(bytes.readableBytes)
                if let length, sent > length { throw ChannelError.inappropriateOperationForState }
                writeChunk(bytes, framing)
                context?.flush()
                await waitUntilWritable(exchange)
                guard isCurrent(exchange) else { return }
                chunk = try await nextChunk(next)
                guard isCurrent(exchange) else { return }
            }
            if let length, sent < length { throw ChannelError.inputClosed }
        } catch {
            return isCurrent(exchange) ? abort(isUntilClose: isUntilClose) : ()
        }
        if case .chunked = framing { write(Self.lastChunk) }
        context?.flush()
        finish(exchange, closing: isLast)
    }

    private static let lastChunk = ByteBuffer(string: "0\r\n\r\n")
    private static let lineEnd = ByteBuffer(string: "\r\n")

    private func nextChunk(_ next: () async throws -> ByteBuffer?) async throws -> ByteBuffer? {
        while let chunk = try await next() {
            if chunk.readableBytes > 0 { return chunk }
        }
        return nil
    }

    private func writeChunk(_ bytes: ByteBuffer, _ framing: ResponseHead.Framing) {
        guard case .chunked = framing else { return write(bytes) }
        var head = ByteBuffer(string: String(bytes.readableBytes, radix: 16) + "\r\n")
        if bytes.readableBytes <= Self.copiedBytes {
            head.writeImmutableBuffer(bytes)
            head.writeImmutableBuffer(Self.lineEnd)
            write(head)
        } else {
            write(head)
            write(bytes)
            write(Self.lineEnd)
        }
    }

    /// Ends an answer whose body broke. Where only the end of the connection tells the end of the body, a plain close
    /// would look like one: that connection is reset.
    private func abort(isUntilClose: Bool) {
        if isUntilClose {
            // Where it fails the connection is gone already.
            _ = (context?.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        cut()
    }
}

extension FileSlice {
    /// sendfile would wait for ever for bytes behind a file's end.
    /// - Throws: ``SystemError`` where the file does not hold the whole slice.
    fileprivate func checkSize() throws(SystemError) {
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else { throw .last("fstat", "") }
        guard Int64(status.st_size) >= offset + length else { throw SystemError(call: "fstat", subject: "", code: EIO) }
    }
}
