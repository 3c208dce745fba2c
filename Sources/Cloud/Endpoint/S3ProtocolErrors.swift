import AWSWire
import HTTPServer
import NIOHTTP1

/// Answers to what is no request at all, in S3's form: nothing tells yet which service was meant.
enum S3ProtocolErrors {
    static func response(to problem: HTTPProtocolError) -> HTTPServerResponse {
        let error: AWSError
        switch problem {
        case .headerSectionTooLarge(let limit):
            error = AWSError(
                "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed size",
                details: [("MaxSizeAllowed", String(limit))])
        case .uriTooLong:
            error = AWSError("KeyTooLongError", "Your key is too long")
        case .bodyIncomplete:
            error = AWSError(
                "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
        case .bodyTimeout:
            error = AWSError(
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period. Idle "
                    + "connections will be closed.")
        case .tooManyConnections:
            error = AWSError("SlowDown", "Please reduce your request rate.", status: 503)
        case .responseBodyFailed:
            error = AWSError("InternalError", "We encountered an internal error. Please try again.", status: 500)
        case .malformedRequest, .unsupportedVersion, .unsupportedExpectation:
            error = AWSError(
                "BadRequest", "An error occurred when parsing the HTTP request.", status: Int(problem.status.code))
        }
        let requestID = RequestID.s3()
        var response = ServerCodec.encode(
            error: error, .restXML, requestID: requestID, hostID: RequestID.extended(requestID), resource: "/")
        response.headers.add(name: "x-amz-request-id", value: requestID)
        response.headers.add(name: "Server", value: "AmazonS3")
        return HTTPServerResponse(
            status: HTTPResponseStatus(statusCode: response.status), headers: response.headers, body: response.body)
    }
}
