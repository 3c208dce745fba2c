import Ground

extension SignatureError {
    /// The error in the words of the protocol that the request speaks.
    public func asAWSError(_ proto: WireProtocol) -> AWSError {
        switch proto {
        case .restXML: s3Error
        case .ec2Query: ec2Error
        case .awsQuery: documentError(isQuery: true)
        case .awsJSON10, .awsJSON11, .rpcV2CBOR: documentError(isQuery: false)
        }
    }

    private static let mismatchMessage =
        "The request signature we calculated does not match the signature you provided. Check your key and signing method."

    private var s3Error: AWSError {
        switch self {
        case .missing: AWSError("AccessDenied", "Access Denied", status: 403)
        case .unsupportedMechanism:
            AWSError(
                "InvalidRequest",
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
        case .severalMechanisms:
            AWSError(
                "InvalidArgument",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    + "parameter or the Authorization header should be specified",
                details: [("ArgumentName", "Authorization")])
        case .unsupportedType:
            AWSError("InvalidArgument", "Unsupported Authorization Type", details: [("ArgumentName", "Authorization")])
        case .malformedHeader(let what), .wrongScope(let what):
            AWSError("AuthorizationHeaderMalformed", "The authorization header is malformed; \(what).")
        case .malformedQuery(let what): AWSError("AuthorizationQueryParametersError", what)
        case .missingDate:
            AWSError(
                "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", status: 403)
        case .unknownKey(let key):
            AWSError(
                "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", status: 403,
                details: [("AWSAccessKeyId", key)])
        case .mismatch(let key, let signature, let stringToSign, let canonicalRequest):
            AWSError(
                "SignatureDoesNotMatch", Self.mismatchMessage, status: 403,
                details: [
                    ("AWSAccessKeyId", key), ("StringToSign", stringToSign), ("SignatureProvided", signature),
                    ("CanonicalRequest", canonicalRequest),
                ])
        case .skewed(let request, let server, let tolerance):
            AWSError(
                "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
                status: 403,
                details: [
                    ("RequestTime", request.basic), ("ServerTime", server.iso8601(milliseconds: false)),
                    ("MaxAllowedSkewMilliseconds", String(tolerance * 60_000)),
                ])
        case .expired(let seconds, let end, let server):
            AWSError(
                "AccessDenied", "Request has expired", status: 403,
                details: [
                    ("X-Amz-Expires", String(seconds)), ("Expires", end.iso8601(milliseconds: false)),
                    ("ServerTime", server.iso8601(milliseconds: false)),
                ])
        case .notYetValid(_, let server):
            AWSError(
                "AccessDenied", "Request is not valid yet", status: 403,
                details: [("ServerTime", server.iso8601(milliseconds: false))])
        case .unsignedHeaders(let names):
            AWSError(
                "AccessDenied", "There were headers present in the request which were not signed", status: 403,
                details: [("HeadersNotSigned", names.joined(separator: ", "))])
        case .missingPayloadHash:
            AWSError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
        case .malformedPayloadHash(let value):
            AWSError(
                "InvalidArgument",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 "
                    + "value.",
                details: [("ArgumentName", "x-amz-content-sha256"), ("ArgumentValue", value)])
        case .payloadMismatch(let client, let computed):
            AWSError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                details: [("ClientComputedContentSHA256", client), ("S3ComputedContentSHA256", computed)])
        case .invalidToken: AWSError("InvalidToken", "The provided token is malformed or otherwise invalid.")
        case .expiredToken: AWSError("ExpiredToken", "The provided token has expired.")
        }
    }

    /// The services of documents. Codes of awsQuery and awsJson differ, and so do their statuses.
    private func documentError(isQuery: Bool) -> AWSError {
        func error(_ query: String, _ json: String, _ message: String, queryStatus: Int = 403) -> AWSError {
            AWSError(isQuery ? query : json, message, status: isQuery ? queryStatus : 400)
        }
        func mismatch(_ message: String) -> AWSError {
            error("SignatureDoesNotMatch", "InvalidSignatureException", message)
        }
        switch self {
        case .missing:
            return error(
                "MissingAuthenticationToken", "MissingAuthenticationTokenException",
                isQuery ? "Request is missing Authentication Token" : "Missing Authentication Token")
        case .unsupportedMechanism, .unsupportedType, .severalMechanisms:
            return error(
                "IncompleteSignature", "IncompleteSignatureException",
                "Authorization header requires the algorithm AWS4-HMAC-SHA256.", queryStatus: 400)
        case .malformedHeader(let what), .malformedQuery(let what), .malformedPayloadHash(let what):
            return error(
                "IncompleteSignature", "IncompleteSignatureException",
                "The authorization is malformed: \(what)", queryStatus: 400)
        case .missingDate:
            return error(
                "IncompleteSignature", "IncompleteSignatureException",
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.", queryStatus: 400
            )
        case .unknownKey, .invalidToken:
            return error(
                "InvalidClientTokenId", "UnrecognizedClientException",
                "The security token included in the request is invalid.")
        case .expiredToken:
            return error(
                "ExpiredToken", "ExpiredTokenException", "The security token included in the request is expired")
        case .mismatch, .payloadMismatch, .missingPayloadHash: return mismatch(Self.mismatchMessage)
        case .wrongScope(let what): return mismatch("Credential should be scoped to \(what).")
        case .unsignedHeaders(let names):
            return mismatch("'\(names.joined(separator: ", "))' must be a 'SignedHeader' in the AWS Authorization.")
        case .skewed(let request, let server, let tolerance) where request < server:
            let bound = server.advanced(by: .seconds(-60 * tolerance))
            return mismatch(
                "Signature expired: \(request.basic) is now earlier than \(bound.basic) (\(server.basic) - \(tolerance) min.)"
            )
        case .skewed(let request, let server, let tolerance):
            let bound = server.advanced(by: .seconds(60 * tolerance))
            return mismatch(
                "Signature not yet current: \(request.basic) is still later than \(bound.basic) (\(server.basic) + "
                    + "\(tolerance) min.)")
        case .expired(_, let end, let server):
            return mismatch("Signature expired: \(end.basic) is now earlier than \(server.basic)")
        case .notYetValid(let start, let server):
            return mismatch("Signature not yet current: \(start.basic) is still later than \(server.basic)")
        }
    }

    private var ec2Error: AWSError {
        switch self {
        case .missing:
            AWSError("MissingParameter", "The request must contain the parameter AWSAccessKeyId")
        case .skewed(_, let server, _), .expired(_, _, let server), .notYetValid(_, let server):
            AWSError(
                "RequestExpired", "Request has expired. The server's time is \(server.iso8601(milliseconds: false)).")
        case .expiredToken: AWSError("RequestExpired", "Request has expired.")
        default:
            AWSError("AuthFailure", "AWS was not able to validate the provided access credentials", status: 401)
        }
    }
}
