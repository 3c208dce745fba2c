import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import Testing

@Suite struct RequestTests {
    @Test func getAndConnectionReuse() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            for number in 1...3 {
                try await client.send("GET /a%20b//../\(number)?q=%2F HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.text == "GET /a%20b//../\(number)?q=%2F ")
                #expect(response.headers["date"].first?.hasSuffix(" GMT") == true)
                #expect(response.headers["connection"].isEmpty)
            }
        }
    }

    @Test(arguments: [
        "Content-Length: 11\r\n\r\nhello world",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    ])
    func bytesOneByOne(_ rest: String) async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            for byte in "PUT /key HTTP/1.1\r\nHost: h\r\n\(rest)".utf8 {
                try await client.send(ByteBuffer(bytes: [byte]))
            }
            #expect(try await client.response().text == "PUT /key hello world")
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            let large = String(repeating: "x", count: 100_000)
            var requests = ""
            for number in 0..<20 {
                requests += "PUT /\(number) HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
                requests += "PUT /\(number) HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n\(large)"
                requests +=
                    "PUT /\(number) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                requests += "GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n"
            }
            client.post(ByteBuffer(string: requests))
            for number in 0..<20 {
                #expect(try await client.response().text == "PUT /\(number) ab")
                #expect(try await client.response().text == "PUT /\(number) \(large)")
                #expect(try await client.response().text == "PUT /\(number) abc")
                #expect(try await client.response().text == "GET /\(number) ")
            }
        }
    }

    @Test func trailersComeBehindAChunkedBody() async throws {
        let responder = Responder { request in
            #expect(request.body.hasTrailers)
            #expect(request.body.trailers.isEmpty)
            _ = try? await request.body.collect(upTo: 100)
            return .text(request.body.trailers.map { "\($0.name)=\($0.value)" }.joined(separator: ","))
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send(
                "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\nB: c\r\n\r\n"
            )
            #expect(try await client.response().text == "x-sum=1,b=c")
        }
    }

    // MARK: Expect

    @Test func continueGoesOutWhenTheBodyIsPulled() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            for _ in 1...2 {
                try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n")
                #expect(try await client.response().status == 100)
                try await client.send("12345")
                #expect(try await client.response().text == "PUT /k 12345")
            }
        }
    }

    @Test func noContinueWhereTheBodyIsNotWanted() async throws {
        try await withServer(Responder { _ in .text("no", .forbidden) }) { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            let response = try await client.response()
            #expect(response.status == 403)
            #expect(response.headers["connection"] == ["close"])
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test func noContinueForAClientThatDoesNotWait() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
            #expect(try await client.response().text == "PUT /k abc")
        }
    }

    // MARK: Early answers

    @Test func aShortUnreadBodyIsDrained() async throws {
        try await withServer(Responder { _ in .text("early") }) { server in
            let client = try await RawClient(server)
            for _ in 1...2 {
                try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n")
                #expect(try await client.response().text == "early")
                client.post(ByteBuffer(repeating: 1, count: 200_000))
            }
        }
    }

    @Test func aLongUnreadBodyEndsTheConnection() async throws {
        try await withServer(Responder { _ in .text("early", .notFound) }) { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n")
            client.post(ByteBuffer(repeating: 1, count: 3_000_000))
            let response = try await client.response()
            #expect(response.status == 404)
            #expect(response.text == "early")
            #expect(response.headers["connection"] == ["close"])
            #expect(await client.receiveToEnd() == "")
        }
    }

    // MARK: Broken bodies

    @Test(arguments: [100, 100_000]) func aBodyThatIsCutShort(_ length: Int) async throws {
        let configure: (inout HTTPServer.Configuration) -> Void = { configuration in
            configuration.protocolError = { .text("\($0)", $0.status) }
        }
        try await withServer(configure: configure) { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\nabc")
            try await client.endOutput()
            let response = try await client.response()
            #expect(response.status == 400)
            #expect(response.text == (length == 100 ? "bodyIncomplete" : "incomplete"))
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test(arguments: [100, 100_000]) func aBodyThatStalls(_ length: Int) async throws {
        let configure: (inout HTTPServer.Configuration) -> Void = { configuration in
            configuration.bodyTimeout = .milliseconds(20)
            configuration.protocolError = { .text("\($0)", $0.status) }
        }
        try await withServer(configure: configure) { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\nabc")
            let response = try await client.response()
            #expect(response.text == (length == 100 ? "bodyTimeout" : "timeout"))
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test func anInvalidChunk() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send(
                "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n")
            let response = try await client.response()
            #expect(response.status == 400)
            #expect(response.text == "malformed")
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test func aBodyIsGoneAfterTheAnswer() async throws {
        let gate = Gate()
        let (errors, found) = AsyncStream.makeStream(of: (any Error).self)
        let responder = Responder { request in
            let body = request.body
            Task {
                await gate.wait()
                do {
                    _ = try await body.collect(upTo: 1 << 20)
                } catch {
                    found.yield(error)
                }
            }
            return .text("early")
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
            #expect(try await client.response().text == "early")
            await gate.open()
            var iterator = errors.makeAsyncIterator()
            #expect(await iterator.next() as? HTTPBodyError == .unavailable)
        }
    }

    @Test func aLongBodyArrivesWholeWhoeverReadsIt() async throws {
        let responder = Responder { request in
            // Half of it off the event loop.
            let body = request.body
            let counted = await Task.detached {
                var count = 0
                var reader = body.makeReader()
                while count < 8 << 20, let chunk = try? await reader.next() { count += chunk.readableBytes }
                return (count, reader)
            }.value
            var (count, reader) = counted
            while let chunk = try? await reader.next() { count += chunk.readableBytes }
            return .text("\(count)")
        }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: \(16 << 20)\r\n\r\n")
            for _ in 0..<16 { client.post(ByteBuffer(repeating: 7, count: 1 << 20)) }
            #expect(try await client.response().text == "\(16 << 20)")
        }
    }

    // MARK: What is no request

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", 417),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("hello\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{0}\u{1}tls", 400),
    ])
    func isRefused(_ bytes: String, _ status: Int) async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send(bytes)
            let response = try await client.response()
            #expect(response.status == status || (status == 400 && response.status == 505))
            #expect(response.headers["connection"] == ["close"])
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test func headersAndTargetsAreBounded() async throws {
        let configure: (inout HTTPServer.Configuration) -> Void = { configuration in
            configuration.protocolError = { .text("\($0)", $0.status) }
        }
        try await withServer(configure: configure) { server in
            for field in [
                "x: " + String(repeating: "a", count: 70_000), String(repeating: "a: b\r\n", count: 2100) + "c: d",
            ] {
                let client = try await RawClient(server)
                client.post(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n"))
                #expect(try await client.response().text == "headerSectionTooLarge(limit: 65536)")
            }
            let client = try await RawClient(server)
            client.post(ByteBuffer(string: "GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: h\r\n\r\n"))
            let response = try await client.response()
            #expect(response.status == 414)
            #expect(response.text == "uriTooLong(limit: 16384)")
        }
    }

    @Test func theRequestBeforeABrokenOneIsAnswered() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nbroken\r\n\r\n")
            #expect(try await client.response().text == "GET /1 ")
            #expect(try await client.response().status == 400)
            #expect(await client.receiveToEnd() == "")
        }
    }

    @Test(arguments: [
        ("http://other:81/p?q", "/p?q", "other:81"), ("HTTP://other", "/", "other"), ("http://o?q", "/?q", "o"),
        ("*", "*", "h"), ("/http://x/", "/http://x/", "h"),
    ])
    func targets(_ sent: String, _ seen: String, _ host: String) async throws {
        let responder = Responder { .text("\($0.uri) \($0.headers["host"].joined(separator: ","))") }
        try await withServer(responder) { server in
            let client = try await RawClient(server)
            try await client.send("\(sent == "*" ? "OPTIONS" : "GET") \(sent) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().text == "\(seen) \(host)")
        }
    }

    @Test func aRequestForAnotherProtocolIsTheLast() async throws {
        try await withServer { server in
            let client = try await RawClient(server)
            try await client.send("GET /u HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            let response = try await client.response()
            #expect(response.text == "GET /u ")
            #expect(response.headers["connection"] == ["close"])
            #expect(await client.receiveToEnd() == "")
        }
    }

    /// Whatever comes, there is an answer or the end, and the next client is served.
    @Test func nonsenseNeverHurts() async throws {
        var generator = SeededGenerator(state: 11)
        let sound = [
            "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
            "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nt: v\r\n\r\n",
            "GET /k?a=b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "PUT /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        ].map { Array($0.utf8) }
        try await withServer { server in
            for round in 0..<400 {
                var bytes: [UInt8]
                if round % 4 == 0 {
                    bytes = (0..<Int.random(in: 1...300, using: &generator)).map { _ in
                        .random(in: 0...255, using: &generator)
                    }
                } else {
                    bytes = sound[Int.random(in: 0..<sound.count, using: &generator)]
                    bytes += sound[Int.random(in: 0..<sound.count, using: &generator)]
                    for _ in 0...Int.random(in: 0...3, using: &generator) {
                        let place = Int.random(in: 0..<bytes.count, using: &generator)
                        switch Int.random(in: 0...2, using: &generator) {
                        case 0: bytes[place] = .random(in: 0...255, using: &generator)
                        case 1: bytes.remove(at: place)
                        default: bytes.insert(.random(in: 0...255, using: &generator), at: place)
                        }
                    }
                }
                let client = try await RawClient(server)
                client.post(ByteBuffer(bytes: bytes))
                try? await client.endOutput()
                let answer = await client.receiveToEnd()
                #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 "))
            }
            let client = try await RawClient(server)
            try await client.send("GET /still HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().text == "GET /still ")
        }
    }
}
