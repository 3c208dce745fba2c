import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@Suite struct SignatureBodyTests {
    /// A stream that gives `bytes` in pieces.
    private func stream(_ bytes: [UInt8], pieces: [Int]) -> ByteStream {
        let state = Mutex((rest: bytes[...], pieces: pieces[...]))
        return ByteStream(length: nil) {
            state.withLock { state in
                guard !state.rest.isEmpty else { return nil }
                let count = min(state.pieces.popFirst() ?? state.rest.count, state.rest.count)
                defer { state.rest = state.rest.dropFirst(count) }
                return ByteBuffer(bytes: state.rest.prefix(count))
            }
        }
    }

    /// What came of a body.
    private enum Outcome: Equatable {
        case bytes([UInt8], trailers: [String])
        case code(String)
    }

    private func outcome(
        _ body: ByteStream, _ headers: HTTPHeaders, _ hash: PayloadHash?, _ signing: VerifiedBody.ChunkSigning? = nil
    ) async -> Outcome {
        do {
            let verified = try VerifiedBody.wrap(body, headers: headers, hash: hash, signing: signing)
            let bytes = try await verified.collect(upTo: 1 << 26)
            #expect(verified.length == nil || verified.length == Int64(bytes.readableBytes))
            return .bytes(Array(buffer: bytes), trailers: verified.trailers.map { "\($0.name)=\($0.value)" })
        } catch let error as AWSError {
            return .code(error.code)
        } catch let error as SignatureError {
            return .code(error.asAWSError(.restXML).code)
        } catch {
            return .code("\(error)")
        }
    }

    // MARK: Hashes

    @Test func aHashMustMatch() async {
        let bytes = Array("hello".utf8)
        let right = PayloadHash.sha256("2CF24DBA5FB0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        let wrong = PayloadHash.sha256(PayloadHash.empty)
        for body in [ByteStream(bytes), stream(bytes, pieces: [1, 3])] {
            #expect(await outcome(body, [:], right) == .bytes(bytes, trailers: []))
        }
        for body in [ByteStream(bytes), stream(bytes, pieces: [1, 3])] {
            #expect(await outcome(body, [:], wrong) == .code("XAmzContentSHA256Mismatch"))
        }
        #expect(await outcome(ByteStream(bytes), [:], .unsigned) == .bytes(bytes, trailers: []))
        #expect(await outcome(ByteStream(bytes), [:], nil) == .bytes(bytes, trailers: []))
    }

    @Test(arguments: [
        ("UNSIGNED-PAYLOAD", PayloadHash.unsigned),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", .signedChunks(hasTrailer: false)),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", .signedChunks(hasTrailer: true)),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", .unsignedTrailer), ("abc", nil), ("", nil),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", nil), (String(repeating: "g", count: 64), nil),
    ])
    func words(_ text: String, _ expected: PayloadHash?) {
        #expect((try? PayloadHash(text)) == expected)
        if let expected { #expect(expected.text == text) }
    }

    // MARK: Signed chunks

    private static let reference = Timestamp(basic: "20130524T000000Z") ?? Timestamp(seconds: 0)

    /// The upload of the S3 API Reference's examples: 66,560 times the letter a, in chunks of 64 KiB.
    private func exampleHeaders(_ hash: PayloadHash, trailer: String? = nil) -> (HTTPHeaders, ChunkSigner) {
        var headers: HTTPHeaders = [
            "Host": "s3.amazonaws.com", "x-amz-storage-class": "REDUCED_REDUNDANCY", "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": "66560",
        ]
        if let trailer {
            headers.add(name: "x-amz-trailer", value: trailer)
        } else {
            headers.add(name: "Content-Length", value: "66824")
        }
        let signer = Signer(
            credentials: Credentials(
                accessKeyID: SignatureVector.accessKeyID, secretAccessKey: SignatureVector.secretAccessKey),
            region: "us-east-1", service: "s3")
        let chunks = signer.sign(
            method: .PUT, path: "/examplebucket/chunkObject.txt", query: "", headers: &headers, payload: hash,
            now: Self.reference)
        return (headers, chunks)
    }

    private func signing(_ headers: HTTPHeaders, _ hash: PayloadHash) throws -> VerifiedBody.ChunkSigning {
        let signed = try #require(try SignedRequest.parse(headers: headers, query: []))
        let key = try SignatureVerifier().verify(
            signed, method: .PUT, rawPath: "/examplebucket/chunkObject.txt", rawQuery: "", headers: headers,
            payloadHash: hash.text, now: Self.reference
        ) { _ in SignatureVector.secretAccessKey }
        return VerifiedBody.ChunkSigning(key: key, signed: signed)
    }

    private func chunk(_ bytes: [UInt8], _ signature: String?) -> [UInt8] {
        let suffix = signature.map { ";chunk-signature=\($0)" } ?? ""
        return Array("\(String(bytes.count, radix: 16))\(suffix)\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    @Test func theReferencesUpload() async throws {
        let (headers, _) = exampleHeaders(.signedChunks(hasTrailer: false))
        #expect(
            headers["authorization"][0].hasSuffix(
                "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"))
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)
        let body =
            chunk(Array(letters[..<65_536]), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648")
            + chunk(Array(letters[65_536...]), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497")
            + chunk([], "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
        #expect(body.count == 66_824)
        let signing = try signing(headers, .signedChunks(hasTrailer: false))
        for pieces in [[], [1, 2, 80, 5, 65_000], [Int](repeating: 223, count: 300)] {
            let outcome = await outcome(
                stream(body, pieces: pieces), headers, .signedChunks(hasTrailer: false), signing)
            #expect(outcome == .bytes(letters, trailers: []))
        }
    }

    @Test func theReferencesUploadWithATrailer() async throws {
        let hash = PayloadHash.signedChunks(hasTrailer: true)
        let (headers, _) = exampleHeaders(hash, trailer: "x-amz-checksum-crc32c")
        #expect(
            headers["authorization"][0].hasSuffix(
                "Signature=106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"))
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)
        let chunks =
            chunk(Array(letters[..<65_536]), "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2")
            + chunk(Array(letters[65_536...]), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7")
            + chunk([], "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992").dropLast(2)
        let signature = "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
        let signing = try signing(headers, hash)
        func outcome(_ trailers: String) async -> Outcome {
            await self.outcome(stream(chunks + Array(trailers.utf8), pieces: []), headers, hash, signing)
        }
        let whole = Outcome.bytes(letters, trailers: ["x-amz-checksum-crc32c=sOO8/Q=="])
        #expect(await outcome("x-amz-checksum-crc32c:sOO8/Q==\r\n\(signature)\r\n") == whole)
        #expect(await outcome("X-Amz-Checksum-Crc32c: sOO8/Q== \r\n\(signature)") == whole)
        #expect(await outcome("x-amz-checksum-crc32c:sOO8/A==\r\n\(signature)\r\n") == .code("SignatureDoesNotMatch"))
        #expect(await outcome("x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n") == .code("SignatureDoesNotMatch"))
        #expect(await outcome("\(signature)\r\n") == .code("SignatureDoesNotMatch"))
    }

    @Test func chunksHoldTogether() async throws {
        let hash = PayloadHash.signedChunks(hasTrailer: false)
        var (headers, _) = exampleHeaders(hash)
        headers.replaceOrAdd(name: "x-amz-decoded-content-length", value: "30")
        var signer = Signer(
            credentials: Credentials(
                accessKeyID: SignatureVector.accessKeyID, secretAccessKey: SignatureVector.secretAccessKey),
            region: "us-east-1", service: "s3"
        ).sign(
            method: .PUT, path: "/examplebucket/chunkObject.txt", query: "", headers: &headers, payload: hash,
            now: Self.reference)
        let signing = try signing(headers, hash)
        let datas = ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", ""].map { Array($0.utf8) }
        let parts = datas.map { data in
            chunk(data, signer.sign(chunkHash: PayloadHash.sha256(of: ByteBuffer(bytes: data))))
        }
        func outcome(_ order: [Int], change: (inout [UInt8]) -> Void = { _ in }) async -> Outcome {
            var body = order.flatMap { parts[$0] }
            change(&body)
            return await self.outcome(stream(body, pieces: [7, 1, 90]), headers, hash, signing)
        }
        #expect(await outcome([0, 1, 2, 3]) == .bytes(Array("aaaaaaaaaabbbbbbbbbbcccccccccc".utf8), trailers: []))
        #expect(await outcome([1, 0, 2, 3]) == .code("SignatureDoesNotMatch"))
        #expect(await outcome([0, 0, 2, 3]) == .code("SignatureDoesNotMatch"))
        #expect(await outcome([0, 2, 3]) == .code("SignatureDoesNotMatch"))
        #expect(await outcome([0, 1, 3]) == .code("SignatureDoesNotMatch"))
        #expect(await outcome([0, 1, 2]) == .code("IncompleteBody"))
        #expect(await outcome([0, 1, 2, 3, 3]) == .code("InvalidRequest"))
        #expect(await outcome([0, 1, 2, 2, 3]) == .code("IncompleteBody"))
        // Within the second chunk's bytes, and within its signature.
        let second = parts[0].count
        #expect(await outcome([0, 1, 2, 3]) { $0[second + parts[1].count - 5] ^= 1 } == .code("SignatureDoesNotMatch"))
        #expect(await outcome([0, 1, 2, 3]) { $0[second + 30] ^= 1 } == .code("SignatureDoesNotMatch"))
    }

    @Test func bytesOfABadChunkAreNotHandedOn() async throws {
        let hash = PayloadHash.signedChunks(hasTrailer: false)
        let (headers, _) = exampleHeaders(hash)
        let body = chunk([UInt8](repeating: 1, count: 65_536), String(repeating: "0", count: 64))
        let verified = try VerifiedBody.wrap(
            stream(body, pieces: [100, 1000]), headers: headers, hash: hash, signing: try signing(headers, hash))
        var reader = verified.makeReader()
        await #expect(throws: SignatureError.self) { _ = try await reader.next() }
    }

    // MARK: Unsigned chunks

    private let trailerHeaders: HTTPHeaders = ["Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": "10"]

    @Test(arguments: [
        ("a\r\n0123456789\r\n0\r\nx-amz-checksum-crc32:pnR5MQ==\r\n\r\n", "x-amz-checksum-crc32=pnR5MQ=="),
        ("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", ""), ("0000a;x=y\r\n0123456789\r\n0\r\nA: b  c \r\n\r\n", "a=b  c"),
        ("A\r\n0123456789\r\n0\r\n", ""),
    ])
    func anySplitGivesTheSame(_ body: String, _ trailer: String) async {
        let bytes = Array(body.utf8)
        let expected = Outcome.bytes(Array("0123456789".utf8), trailers: trailer.isEmpty ? [] : [trailer])
        #expect(await outcome(stream(bytes, pieces: []), trailerHeaders, .unsignedTrailer) == expected)
        for split in 1..<bytes.count {
            #expect(await outcome(stream(bytes, pieces: [split]), trailerHeaders, .unsignedTrailer) == expected)
        }
        let single = bytes.map { _ in 1 }
        #expect(await outcome(stream(bytes, pieces: single), trailerHeaders, .unsignedTrailer) == expected)
        // Also where only the encoding says that the body is framed.
        #expect(await outcome(stream(bytes, pieces: single), trailerHeaders, nil) == expected)
        #expect(await outcome(stream(bytes, pieces: single), trailerHeaders, .unsigned) == expected)
    }

    @Test(arguments: [
        ("", "IncompleteBody"), ("a\r\n01234", "IncompleteBody"), ("a\r\n0123456789", "IncompleteBody"),
        ("a\r\n0123456789\r\n", "IncompleteBody"), ("5\r\n01234\r\n0\r\n\r\n", "IncompleteBody"),
        ("b\r\n0123456789a\r\n0\r\n\r\n", "IncompleteBody"), ("0\r\n\r\n", "IncompleteBody"),
        ("7fffffffffffffff\r\n", "IncompleteBody"), ("5\r\n01234\r\n7fffffffffffffff\r\n", "IncompleteBody"),
        ("ffffffffffffffff\r\n", "InvalidRequest"), ("-5\r\n", "InvalidRequest"), ("+5\r\n", "InvalidRequest"),
        ("x\r\n", "InvalidRequest"), ("\r\n", "InvalidRequest"), ("a\n0123456789\n0\n\n", "InvalidRequest"),
        ("5\r\n0123456789\r\n0\r\n\r\n", "InvalidRequest"),
        ("a\r\n0123456789\r\n0\r\nnonsense\r\n\r\n", "InvalidRequest"),
        ("a\r\n0123456789\r\n0\r\n\r\nmore", "InvalidRequest"),
        ("a\r\n0123456789\r\n0\r\n: v\r\n\r\n", "InvalidRequest"),
        ("a;" + String(repeating: "x", count: 2000) + "\r\n", "InvalidRequest"),
    ])
    func brokenFraming(_ body: String, _ code: String) async {
        let bytes = Array(body.utf8)
        for pieces in [[], bytes.map { _ in 1 }, [3, 2, 5]] {
            #expect(
                await outcome(stream(bytes, pieces: pieces), trailerHeaders, .unsignedTrailer) == .code(code),
                "in pieces of \(pieces.prefix(3))")
        }
    }

    @Test(arguments: [nil, "-1", "ten"]) func theDecodedLengthMustBeTold(_ length: String?) async {
        var headers: HTTPHeaders = [:]
        if let length { headers.add(name: "x-amz-decoded-content-length", value: length) }
        let code = await outcome(ByteStream("0\r\n\r\n"), headers, .unsignedTrailer)
        #expect(code == .code(length == nil ? "MissingContentLength" : "InvalidArgument"))
    }

    @Test func randomBytesAndSplitsAgree() async {
        var generator = SignatureTestGenerator(state: 9)
        let sound = Array("5;a=b\r\n01234\r\n5\r\n56789\r\n0\r\nx: y\r\nz: w\r\n\r\n".utf8)
        for _ in 0..<1500 {
            var bytes = sound
            for _ in 0...Int.random(in: 0...2, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[place] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(.random(in: 0...255, using: &generator), at: place)
                }
            }
            let pieces = (0..<20).map { _ in Int.random(in: 1...6, using: &generator) }
            let whole = await outcome(stream(bytes, pieces: []), trailerHeaders, .unsignedTrailer)
            let split = await outcome(stream(bytes, pieces: pieces), trailerHeaders, .unsignedTrailer)
            #expect(whole == split)
        }
    }
}
