import AWSWire
import Ground
import NIOCore
import NIOHTTP1
import Testing

/// What stands in for a request's way over the wire.
struct Wire {
    var method = HTTPMethod.GET
    var path = "/"
    var query = ""
    var headers: HTTPHeaders = [:]
    var payloadHash = PayloadHash.empty
    var now = Timestamp(seconds: 1_795_507_687)

    static let secrets = [SignatureVector.accessKeyID: SignatureVector.secretAccessKey]

    /// Parses and verifies.
    /// - Returns: the key id that signed; `nil` for an anonymous request.
    func verify(_ verifier: SignatureVerifier = SignatureVerifier()) throws(SignatureError) -> String? {
        guard let signed = try parse() else { return nil }
        _ = try verifier.verify(
            signed, method: method, rawPath: path, rawQuery: query, headers: headers, payloadHash: payloadHash, now: now
        ) { Self.secrets[$0] }
        return signed.accessKeyID
    }

    func parse() throws(SignatureError) -> SignedRequest? {
        let items = query.split(separator: "&").map { item -> (name: String, value: String?) in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                PercentEncoding.decode(parts[0]) ?? "", parts.count > 1 ? PercentEncoding.decode(parts[1]) : nil
            )
        }
        return try SignedRequest.parse(headers: headers, query: items)
    }

    /// A request that is signed, with the headers of a client.
    static func signed(
        _ service: String = "s3", method: HTTPMethod = .GET, path: String = "/bucket/key", query: String = "",
        headers: HTTPHeaders = [:], payload: PayloadHash = .sha256(PayloadHash.empty)
    ) -> Wire {
        var wire = Wire(method: method, path: path, query: query, headers: headers, payloadHash: payload.text)
        wire.headers.replaceOrAdd(name: "Host", value: "localhost:4566")
        signer(service).sign(
            method: method, path: path, query: query, headers: &wire.headers, payload: payload, now: wire.now)
        return wire
    }

    static func presigned(_ service: String = "s3", expires: Int = 3600) -> Wire {
        var wire = Wire(path: "/bucket/key", headers: ["Host": "localhost:4566"])
        wire.query = signer(service).presign(
            method: .GET, path: wire.path, query: "versionId=1", host: "localhost:4566", expires: expires, now: wire.now
        )
        wire.payloadHash = service == "s3" ? PayloadHash.unsigned.text : PayloadHash.empty
        return wire
    }

    static func signer(_ service: String, token: String? = nil) -> Signer {
        Signer(
            credentials: Credentials(
                accessKeyID: SignatureVector.accessKeyID, secretAccessKey: SignatureVector.secretAccessKey,
                sessionToken: token),
            region: SignatureVector.region, service: service)
    }
}

@Suite struct SignatureVectorTests {
    private let time = Timestamp(basic: SignatureVector.time)

    private func payload(_ vector: SignatureVector) -> PayloadHash {
        .sha256(PayloadHash.sha256(of: ByteBuffer(bytes: vector.body)))
    }

    @Test(arguments: SignatureVector.all.indices)
    func botocoreIsVerified(_ index: Int) throws {
        let vector = SignatureVector.all[index]
        var wire = Wire(method: HTTPMethod(rawValue: vector.method), path: vector.path, query: vector.signedQuery)
        wire.headers = HTTPHeaders(vector.signedHeaders)
        wire.now = try #require(time)
        let isPresigned = vector.authorization.isEmpty
        if !isPresigned { wire.headers.add(name: "Authorization", value: vector.authorization) }
        wire.payloadHash = isPresigned && vector.service == "s3" ? PayloadHash.unsigned.text : payload(vector).text
        #expect(try wire.verify() == SignatureVector.accessKeyID)
        #expect(try wire.parse()?.securityToken == (vector.hasToken ? SignatureVector.sessionToken : nil))
        #expect(try wire.parse()?.isPresigned == isPresigned)

        // And nothing but what was signed.
        var changed = wire
        changed.method = .DELETE
        #expect(throws: SignatureError.self) { try changed.verify() }
        changed = wire
        changed.path += "x"
        #expect(throws: SignatureError.self) { try changed.verify() }
        changed = wire
        changed.query += wire.query.isEmpty ? "acl" : "&acl"
        #expect(throws: SignatureError.self) { try changed.verify() }
        changed = wire
        changed.headers.replaceOrAdd(name: "Host", value: "elsewhere")
        #expect(throws: SignatureError.self) { try changed.verify() }
        changed = wire
        changed.payloadHash = String(repeating: "0", count: 64)
        #expect(throws: SignatureError.self) { try changed.verify() }
    }

    @Test(arguments: SignatureVector.all.indices)
    func botocoreSignsTheSame(_ index: Int) throws {
        let vector = SignatureVector.all[index]
        let signer = Wire.signer(vector.service, token: vector.hasToken ? SignatureVector.sessionToken : nil)
        let host = try #require(vector.signedHeaders.first { $0.0 == "Host" }).1
        var headers = HTTPHeaders(vector.headers)
        let now = try #require(time)
        guard !vector.authorization.isEmpty else {
            let query = signer.presign(
                method: HTTPMethod(rawValue: vector.method), path: vector.path, query: vector.query, host: host,
                headers: headers, expires: 3600, now: now)
            #expect(query == vector.signedQuery)
            return
        }
        headers.add(name: "Host", value: host)
        signer.sign(
            method: HTTPMethod(rawValue: vector.method), path: vector.path, query: vector.query, headers: &headers,
            payload: payload(vector), now: now)
        #expect(headers["authorization"] == [vector.authorization])
    }

    /// S3 API Reference, "Authenticating requests: using query parameters" and "... using the Authorization header".
    @Test func examplesOfTheReference() throws {
        let signer = Signer(
            credentials: Credentials(
                accessKeyID: SignatureVector.accessKeyID, secretAccessKey: SignatureVector.secretAccessKey),
            region: "us-east-1", service: "s3")
        let now = try #require(Timestamp(basic: "20130524T000000Z"))
        var headers: HTTPHeaders = ["Host": "examplebucket.s3.amazonaws.com", "Range": "bytes=0-9"]
        signer.sign(
            method: .GET, path: "/test.txt", query: "", headers: &headers, payload: .sha256(PayloadHash.empty), now: now
        )
        #expect(
            headers.first(name: "authorization")?.hasSuffix(
                "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
                    + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)
        let query = signer.presign(
            method: .GET, path: "/test.txt", query: "", host: "examplebucket.s3.amazonaws.com", expires: 86400, now: now
        )
        #expect(
            query.hasSuffix("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
    }
}

@Suite struct SignatureVerifierTests {
    private func error(_ wire: Wire) -> SignatureError? {
        do throws(SignatureError) {
            _ = try wire.verify()
            return nil
        } catch {
            return error
        }
    }

    @Test func anonymousIsNoError() throws {
        #expect(try Wire(headers: ["Host": "h"]).verify() == nil)
    }

    @Test(arguments: ["s3", "sts"]) func whatIsSignedHolds(_ service: String) throws {
        #expect(try Wire.signed(service).verify() == SignatureVector.accessKeyID)
        #expect(try Wire.presigned(service).verify() == SignatureVector.accessKeyID)
    }

    @Test(arguments: [
        ("/bucket/a%2Fb", "/bucket/a%2fb"), ("/bucket/%E2%9C%93", "/bucket/%e2%9c%93"),
        ("/bucket/a%2Bb", "/bucket/a+b"),
        ("/bucket/%28x%29", "/bucket/(x)"), ("/bucket/a~b", "/bucket/a%7Eb"), ("/bucket/a/b", "/bucket/a%2Fb"),
    ])
    func aPathMayBeSentInAnotherForm(_ signed: String, _ sent: String) throws {
        var wire = Wire.signed(path: signed)
        wire.path = sent
        #expect(try wire.verify() != nil)
        var other = Wire.signed("sts", path: signed)
        other.path = sent
        #expect(error(other) != nil)
    }

    @Test func aPlusInAQueryMayBeASpace() throws {
        var wire = Wire.signed(query: "prefix=a%20b")
        wire.query = "prefix=a+b"
        #expect(try wire.verify() != nil)
        wire = Wire.signed(query: "prefix=a%2Bb")
        wire.query = "prefix=a+b"
        #expect(try wire.verify() != nil)
    }

    @Test func anUnknownKeyIsTold() {
        var wire = Wire.signed()
        wire.headers.replaceOrAdd(
            name: "Authorization",
            value: wire.headers["authorization"][0].replacing(SignatureVector.accessKeyID, with: "AKIAOTHER"))
        #expect(error(wire) == .unknownKey("AKIAOTHER"))
        #expect(error(wire)?.asAWSError(.restXML).code == "InvalidAccessKeyId")
        #expect(error(wire)?.asAWSError(.awsQuery).status == 403)
        #expect(error(wire)?.asAWSError(.awsJSON11).code == "UnrecognizedClientException")
        #expect(error(wire)?.asAWSError(.ec2Query).status == 401)
    }

    @Test func aWrongSignatureShowsWhatWasSigned() {
        var wire = Wire.signed(query: "b=2&a=1")
        wire.query = "b=2&a=3"
        guard case .mismatch(let key, let signature, let stringToSign, let canonical) = error(wire) else {
            Issue.record("no mismatch")
            return
        }
        #expect(key == SignatureVector.accessKeyID)
        #expect(wire.headers["authorization"][0].hasSuffix(signature))
        #expect(stringToSign.hasPrefix("AWS4-HMAC-SHA256\n20261124T080807Z\n20261124/eu-central-1/s3/aws4_request\n"))
        #expect(canonical.hasPrefix("GET\n/bucket/key\na=3&b=2\nhost:localhost:4566\n"))
        let shown = error(wire)?.asAWSError(.restXML)
        #expect(shown?.code == "SignatureDoesNotMatch")
        #expect(shown?.details.map(\.name).contains("CanonicalRequest") == true)
    }

    @Test(arguments: [
        ("s3", 900, true), ("s3", 901, false), ("s3", -900, true), ("s3", -901, false), ("sts", 300, true),
        ("sts", 301, false), ("sts", -300, true), ("sts", -301, false),
    ])
    func skew(_ service: String, _ seconds: Int64, _ isFine: Bool) {
        var wire = Wire.signed(service)
        wire.now = wire.now.advanced(by: .seconds(seconds))
        #expect((error(wire) == nil) == isFine)
    }

    @Test func skewInEachProtocolsWords() {
        var wire = Wire.signed("ecs")
        wire.now = wire.now.advanced(by: .seconds(600))
        #expect(error(wire)?.asAWSError(.awsJSON11).code == "InvalidSignatureException")
        #expect(
            error(wire)?.asAWSError(.awsJSON11).message
                == "Signature expired: 20261124T080807Z is now earlier than 20261124T081307Z (20261124T081807Z - 5 min.)"
        )
        wire.now = wire.now.advanced(by: .seconds(-1200))
        #expect(error(wire)?.asAWSError(.awsQuery).code == "SignatureDoesNotMatch")
        #expect(
            error(wire)?.asAWSError(.awsQuery).message
                == "Signature not yet current: 20261124T080807Z is still later than 20261124T080307Z (20261124T075807Z + 5 min.)"
        )
        wire = Wire.signed()
        wire.now = wire.now.advanced(by: .seconds(1000))
        #expect(error(wire)?.asAWSError(.restXML).code == "RequestTimeTooSkewed")
    }

    @Test(arguments: [
        ("X-Amz-Expires=3600", "X-Amz-Expires=0"), ("X-Amz-Expires=3600", "X-Amz-Expires=-7"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=604801"), ("X-Amz-Expires=3600", "X-Amz-Expires=soon"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=99999999999999999999"), ("X-Amz-Date=2026", "X-Amz-Date=26"),
        ("&X-Amz-SignedHeaders=host", ""), ("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), ("AWS4-HMAC", "AWS5-HMAC"),
        ("aws4_request", "aws5_request"), ("20261124%2F", "20261123%2F"),
    ])
    func aBrokenPresignedURL(_ part: String, _ replacement: String) {
        var wire = Wire.presigned()
        wire.query = wire.query.replacing(part, with: replacement)
        guard case .malformedQuery = error(wire) else {
            Issue.record("\(String(describing: error(wire)))")
            return
        }
        let shown = error(wire)?.asAWSError(.restXML)
        #expect(shown?.code == "AuthorizationQueryParametersError")
        #expect(shown?.status == 400)
    }

    @Test func aPresignedURLHasItsTime() {
        var wire = Wire.presigned(expires: 60)
        let start = wire.now
        wire.now = start.advanced(by: .seconds(60))
        #expect(error(wire) == nil)
        wire.now = start.advanced(by: .seconds(61))
        #expect(error(wire) == .expired(seconds: 60, end: start.advanced(by: .seconds(60)), server: wire.now))
        let shown = error(wire)?.asAWSError(.restXML)
        #expect(shown?.message == "Request has expired")
        #expect(shown?.details.map(\.name) == ["X-Amz-Expires", "Expires", "ServerTime"])
        wire.now = start.advanced(by: .seconds(-901))
        #expect(error(wire) == .notYetValid(start: start, server: wire.now))
    }

    @Test(arguments: [
        ("AWS AKIA:c2lnbmF0dXJl", SignatureError.unsupportedMechanism),
        ("AWS4-ECDSA-P256-SHA256 Credential=a", .unsupportedMechanism), ("Basic YTpi", .unsupportedType),
        ("AWS4-HMAC-SHA256", .malformedHeader("missing Credential")),
        ("AWS4-HMAC-SHA256 Credential=a/20261124/r/s3/aws4_request", .malformedHeader("missing SignedHeaders")),
        (
            "AWS4-HMAC-SHA256 Credential=a/20261124/r/s3/aws4_request,SignedHeaders=host",
            .malformedHeader("missing Signature")
        ),
        ("AWS4-HMAC-SHA256 nonsense", .malformedHeader("'nonsense' is no name and value")),
    ])
    func aBrokenHeader(_ authorization: String, _ expected: SignatureError) {
        var wire = Wire.signed()
        wire.headers.replaceOrAdd(name: "Authorization", value: authorization)
        #expect(error(wire) == expected)
    }

    @Test func version2InAQueryIsRefused() {
        let wire = Wire(query: "AWSAccessKeyId=a&Expires=1&Signature=b", headers: ["Host": "h"])
        #expect(error(wire) == .unsupportedMechanism)
    }

    @Test func twoSignaturesAreOneTooMany() {
        var wire = Wire.presigned()
        wire.headers = Wire.signed().headers
        #expect(error(wire) == .severalMechanisms)
    }

    @Test(arguments: ["s3", "ecs"]) func everyAmazonHeaderMustBeSigned(_ service: String) {
        var wire = Wire.signed(service)
        wire.headers.add(name: "X-Amz-Acl", value: "public-read")
        wire.headers.add(name: "X-Amzn-Trace-Id", value: "not ours")
        #expect(error(wire) == .unsignedHeaders(["x-amz-acl"]))
        #expect(error(wire)?.asAWSError(.restXML).details.map(\.value) == ["x-amz-acl"])
        wire = Wire.signed(service)
        let authorization = wire.headers["authorization"][0].replacing("=host;", with: "=")
        wire.headers.replaceOrAdd(name: "Authorization", value: authorization)
        #expect(error(wire) == .unsignedHeaders(["host"]))
    }

    @Test func aDateMayStandInItsOwnHeader() throws {
        var wire = Wire.signed()
        wire.headers.remove(name: "X-Amz-Date")
        #expect(error(wire) == .missingDate)
        wire.headers.add(name: "Date", value: "Tue, 24 Nov 2026 08:08:07 GMT")
        #expect(try wire.parse()?.timestamp == wire.now)
    }

    @Test func aKeyThatWasMadeAnewHasItsNewSecret() throws {
        let verifier = SignatureVerifier()
        let wire = Wire.signed()
        #expect(try wire.verify(verifier) != nil)
        let signed = try #require(try wire.parse())
        #expect(throws: SignatureError.self) {
            try verifier.verify(
                signed, method: wire.method, rawPath: wire.path, rawQuery: wire.query, headers: wire.headers,
                payloadHash: wire.payloadHash, now: wire.now
            ) { _ in "another secret" }
        }
    }

    /// Whatever the header or query holds, it is refused and nothing worse.
    @Test func nonsenseNeverHurts() {
        var generator = SignatureTestGenerator(state: 5)
        for round in 0..<3000 {
            var wire = round % 2 == 0 ? Wire.signed() : Wire.presigned()
            var text = Array((round % 2 == 0 ? wire.headers["authorization"][0] : wire.query).utf8)
            for _ in 0...Int.random(in: 0...2, using: &generator) {
                let place = Int.random(in: 0..<text.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: text[place] = .random(in: 0x20...0xFF, using: &generator)
                case 1: text.remove(at: place)
                default: text.insert(.random(in: 0x20...0x7E, using: &generator), at: place)
                }
            }
            let changed = String(decoding: text, as: UTF8.self)
            if round % 2 == 0 {
                wire.headers.replaceOrAdd(name: "Authorization", value: changed)
            } else {
                wire.query = changed
            }
            // A change that means nothing, such as a second space or an upper-case digit, may pass.
            for proto in WireProtocol.allCases { _ = error(wire)?.asAWSError(proto) }
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SignatureTestGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
