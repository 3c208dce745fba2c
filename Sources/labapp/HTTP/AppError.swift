import AWSClient
import AWSWire
import Ground
import HTTPServer
import NIOCore
import NIOHTTP1

/// An error as this app tells it: `{"ok":false,"error":...,"code":...}`.
struct AppError: Error {
    let status: HTTPResponseStatus
    let code: String
    let message: String
    var headers: HTTPHeaders = [:]

    static func badRequest(_ code: String, _ message: String) -> AppError {
        AppError(status: .badRequest, code: code, message: message)
    }

    static func missing(_ field: String) -> AppError { badRequest("MissingField", "\(field) is missing") }

    static let bodyTooLarge = AppError(
        status: .payloadTooLarge, code: "PayloadTooLarge",
        message: "the body has more than \(Settings.maximumBodyBytes) bytes")

    var response: HTTPServerResponse {
        var response = HTTPServerResponse(
            json: [("ok", false), ("error", .string(message)), ("code", .string(code))], status: status)
        response.headers.add(contentsOf: headers)
        return response
    }
}

extension AppError {
    /// What any failure of an endpoint means for who asked.
    init(_ error: any Error) {
        switch error {
        case let error as AppError: self = error
        case let error as AWSError: self.init(error)
        case let error as TransportError: self.init(error)
        case let error as CredentialError:
            self.init(status: .badGateway, code: "NoCredentials", message: error.description)
        case let error as ConfigurationError:
            self.init(status: .internalServerError, code: "InvalidConfiguration", message: error.description)
        case let error as ChecksumMismatch:
            self.init(status: .badGateway, code: "ChecksumMismatch", message: error.description)
        case is WireError, is ByteStream.TooLong:
            self.init(status: .badGateway, code: "InvalidResponse", message: "S3 answered what is no answer of S3")
        case let error as HTTPBodyError: self.init(error)
        case is CancellationError:
            self.init(status: .serviceUnavailable, code: "Cancelled", message: "the request was given up")
        default:
            // What it was is in the log; an answer shows nothing of the inside.
            self.init(status: .internalServerError, code: "InternalError", message: "an internal error occurred")
        }
    }

    private init(_ error: AWSError) {
        let status: HTTPResponseStatus =
            switch error.code {
            // A delete marker's version has no text: S3 says 405 to reading it.
            case "NoSuchKey", "NoSuchVersion", "NotFound", "MethodNotAllowed": .notFound
            // What cannot be a version's id is no version's.
            case "InvalidArgument" where error.details.contains { $0 == ("ArgumentName", "versionId") }: .notFound
            // S3 says 400 to keys that it does not take (any more), which is not for who asked us to put right.
            case "ExpiredToken", "InvalidToken", "TokenRefreshRequired": .forbidden
            case "AuthorizationHeaderMalformed": .badGateway
            case "RequestTimeout": .gatewayTimeout
            default:
                switch error.status {
                case 400: .badRequest
                case 403: .forbidden
                case 404: .notFound
                case 412: .preconditionFailed
                case 504: .gatewayTimeout
                default: .badGateway
                }
            }
        self.init(status: status, code: error.code, message: error.message.isEmpty ? error.code : error.message)
    }

    private init(_ error: TransportError) {
        switch error {
        case .timeout:
            self.init(status: .gatewayTimeout, code: "RequestTimeout", message: "S3 did not answer in time")
        case .connection:
            self.init(status: .badGateway, code: "ConnectionError", message: "S3 cannot be reached")
        case .unsendable:
            self.init(status: .badRequest, code: "InvalidRequest", message: "this cannot be sent to S3")
        }
    }

    private init(_ error: HTTPBodyError) {
        switch error {
        case .timeout:
            self.init(status: .requestTimeout, code: "RequestTimeout", message: "the body did not come in time")
        default:
            self.init(status: .badRequest, code: "IncompleteBody", message: "the body ended before its end")
        }
    }
}

extension HTTPServerResponse {
    /// A JSON object.
    init(json members: [(name: String, value: JSON)], status: HTTPResponseStatus = .ok) {
        var buffer = ByteBuffer()
        JSON.object(members).write(to: &buffer)
        self.init(status: status, headers: ["Content-Type": "application/json"], body: ByteStream(buffer))
    }
}
