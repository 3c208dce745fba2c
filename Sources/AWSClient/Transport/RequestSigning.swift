import AWSWire
import Ground
import NIOHTTP1

extension RequestPipeline {
    /// A request as it goes out: signed where there are credentials.
    func sign(_ request: PreparedRequest, _ operation: OperationSchema, _ credentials: Credentials?) throws -> HTTPCall
    {
        var headers = request.headers
        if let credentials {
            let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let signer = Signer(
                credentials: credentials, region: request.signingRegion, service: operation.service.signingName)
            signer.sign(
                method: request.method, path: String(parts[0]), query: parts.count > 1 ? String(parts[1]) : "",
                headers: &headers, payload: try PayloadHash(request.contentSHA256), now: skew.now)
        }
        return HTTPCall(
            method: request.method, endpoint: request.endpoint, target: request.target, headers: headers,
            body: request.wireBody)
    }
}
