import AWSModels
import AWSWire
import Ground
import HTTPServer
import NIOHTTP1

/// What a request is about, told from its parts before anything of it is trusted.
enum RequestKind {
    /// One of our own paths.
    case admin
    case s3
    /// An operation of a service that has a model here; `nil` for one that its model does not name.
    case service(ServiceEntry, WireProtocol, operation: String?)
    /// A service that is not part of Skylab.
    case unknownService(String, WireProtocol)
}

/// A service that the endpoint knows: its model's names.
struct ServiceEntry: Sendable {
    let schema: ServiceSchema
    let allOperations: Set<String>

    static let all: [ServiceEntry] = [
        ServiceEntry(schema: STS.service, allOperations: STS.allOperations),
        ServiceEntry(schema: IAM.service, allOperations: IAM.allOperations),
        ServiceEntry(schema: ECS.service, allOperations: ECS.allOperations),
        ServiceEntry(schema: EC2.service, allOperations: EC2.allOperations),
        ServiceEntry(schema: ELB.service, allOperations: ELB.allOperations),
        ServiceEntry(schema: CloudWatch.service, allOperations: CloudWatch.allOperations),
    ]
}

/// Tells services and protocols apart (DESIGN of the endpoint: credential scope, `X-Amz-Target`, `Action` and `Version`,
/// path).
struct ServiceRouter {
    static func kind(of request: HTTPServerRequest, target: RequestTarget, scope: String?, form: Form?) -> RequestKind {
        if target.rawPath == "/_skylab" || target.rawPath.hasPrefix("/_skylab/") { return .admin }
        if let amzTarget = request.headers.first(name: "x-amz-target") { return json(amzTarget, request, scope) }
        if request.headers.first(name: "smithy-protocol") == "rpc-v2-cbor", let kind = cbor(target) { return kind }
        if let action = form?.action ?? (request.method == .GET && target["Version"] != nil ? target["Action"] : nil) {
            return query(action, version: form?.version ?? target["Version"], scope)
        }
        guard let scope, scope != "s3" else { return .s3 }
        guard let entry = ServiceEntry.all.first(where: { $0.schema.signingName == scope }) else {
            return .unknownService(scope, .awsQuery)
        }
        return .service(entry, entry.schema.preferredProtocol, operation: nil)
    }

    private static func json(_ target: String, _ request: HTTPServerRequest, _ scope: String?) -> RequestKind {
        let is10 = request.headers.first(name: "content-type")?.contains("json-1.0") == true
        let proto: WireProtocol = is10 ? .awsJSON10 : .awsJSON11
        guard let dot = target.lastIndex(of: ".") else { return .unknownService(scope ?? target, proto) }
        guard let entry = ServiceEntry.all.first(where: { $0.schema.targetPrefix == String(target[..<dot]) }) else {
            return .unknownService(scope ?? String(target[..<dot]), proto)
        }
        return .service(entry, proto, operation: String(target[target.index(after: dot)...]))
    }

    private static func cbor(_ target: RequestTarget) -> RequestKind? {
        let parts = target.rawPath.split(separator: "/")
        guard parts.count == 4, parts[0] == "service", parts[2] == "operation" else { return nil }
        guard let entry = ServiceEntry.all.first(where: { $0.schema.targetPrefix == String(parts[1]) }) else {
            return .unknownService(String(parts[1]), .rpcV2CBOR)
        }
        return .service(entry, .rpcV2CBOR, operation: String(parts[3]))
    }

    private static func query(_ action: String, version: String?, _ scope: String?) -> RequestKind {
        let speaking = ServiceEntry.all.filter { entry in
            entry.schema.protocols.contains { $0 == .awsQuery || $0 == .ec2Query }
        }
        let entry =
            scope.flatMap { scope in speaking.first { $0.schema.signingName == scope } }
            ?? speaking.first { $0.schema.apiVersion == version && $0.allOperations.contains(action) }
        guard let entry else { return .unknownService(scope ?? "", .awsQuery) }
        let proto: WireProtocol = entry.schema.protocols.contains(.ec2Query) ? .ec2Query : .awsQuery
        return .service(entry, proto, operation: action)
    }
}

/// The two fields of a form that tell what it asks.
struct Form {
    let action: String?
    let version: String?

    /// Looks through `Action=...&Version=...&...` without decoding the rest.
    init(_ text: String) {
        func field(_ name: String) -> String? {
            for item in text.split(separator: "&") where item.hasPrefix(name) && item.dropFirst(name.count).first == "="
            {
                return PercentEncoding.decode(item.dropFirst(name.count + 1), plusIsSpace: true)
            }
            return nil
        }
        action = field("Action")
        version = field("Version")
    }
}
