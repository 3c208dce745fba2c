import AWSWire
import Ground
import HTTPServer
import NIOCore
import NIOHTTP1
import Services

/// What a request says of its signature, `nil` for none, before it is believed.
typealias ReadSignature = Result<SignedRequest?, SignatureError>

/// Tells who signed a request. The only place that knows secrets.
struct Authenticator: Sendable {
    private let account: RootAccount
    private let acceptsAnyKey: Bool
    private let verifier = SignatureVerifier()

    init(account: RootAccount, options: CloudServer.Options) {
        self.account = account
        acceptsAnyKey = options.acceptsAnyKey
    }

    /// A request's principal, and what its body must turn out to be.
    struct Principal: Sendable {
        let caller: Caller
        /// Of the signature's scope.
        let region: String?
        fileprivate let hash: PayloadHash?
        fileprivate let signing: VerifiedBody.ChunkSigning?

        /// The body, which ends only if it is what was signed.
        func verified(_ body: ByteStream, _ headers: HTTPHeaders) throws -> ByteStream {
            try VerifiedBody.wrap(body, headers: headers, hash: hash, signing: signing)
        }
    }

    /// What a request tells of its signature, before it is believed. Read once: the scope names the service, and the
    /// service decides how an error is told.
    static func parse(_ request: HTTPServerRequest, _ target: RequestTarget) -> ReadSignature {
        Result { () throws(SignatureError) in try SignedRequest.parse(headers: request.headers, query: target.query) }
    }

    /// The principal of a request to S3.
    /// - Throws: ``SignatureError``.
    func authenticate(
        _ signature: ReadSignature, _ request: HTTPServerRequest, _ target: RequestTarget
    ) throws(SignatureError) -> Principal {
        let header = request.headers.first(name: "x-amz-content-sha256")
        let hash = try header.map { (text) throws(SignatureError) in try PayloadHash(text) }
        guard let signed = try signature.get() else {
            return Principal(caller: .anonymous, region: nil, hash: hash, signing: nil)
        }
        guard signed.scope.service == "s3" else {
            throw .wrongScope("incorrect service \"\(signed.scope.service)\". This endpoint belongs to \"s3\"")
        }
        if !signed.isPresigned, hash == nil, !acceptsAnyKey { throw .missingPayloadHash }
        return try principal(
            of: signed, request, target, hash: hash, payloadHash: hash?.text ?? PayloadHash.unsigned.text)
    }

    /// The principal of a request to a service of documents.
    /// - Throws: ``SignatureError``.
    func authenticate(
        _ signature: ReadSignature, _ request: HTTPServerRequest, _ target: RequestTarget,
        document: ByteBuffer, service: ServiceSchema
    ) throws(SignatureError) -> Principal {
        guard let signed = try signature.get() else { throw .missing }
        guard signed.scope.service == service.signingName else {
            throw .wrongScope("the service \(service.signingName)")
        }
        // The hash is what was sent, so that a body that was changed on its way is a wrong signature.
        return try principal(
            of: signed, request, target, hash: nil, payloadHash: PayloadHash.sha256(of: document))
    }

    private func principal(
        of signed: SignedRequest, _ request: HTTPServerRequest, _ target: RequestTarget, hash: PayloadHash?,
        payloadHash: String
    ) throws(SignatureError) -> Principal {
        if acceptsAnyKey {
            // A key of 12 digits is the account of that number, as other local AWS tools have it.
            let id = RootAccount.isAccountID(signed.accessKeyID) ? signed.accessKeyID : account.id
            return Principal(
                caller: .root(account: id, accessKeyID: signed.accessKeyID), region: signed.scope.region, hash: hash,
                signing: nil)
        }
        let key = try verifier.verify(
            signed, method: request.method, rawPath: target.rawPath, rawQuery: target.rawQuery,
            headers: request.headers, payloadHash: payloadHash, now: WallClock.now
        ) { $0 == account.accessKeyID ? account.secretAccessKey : nil }
        // Root keys are long-lived: a token with one is none that was given out here.
        guard signed.securityToken == nil else { throw .invalidToken }
        return Principal(
            caller: .root(account: account.id, accessKeyID: signed.accessKeyID), region: signed.scope.region,
            hash: hash, signing: VerifiedBody.ChunkSigning(key: key, signed: signed))
    }
}
