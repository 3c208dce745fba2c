import AWSWire
import Ground

/// STS's AssumeRole, for profiles that name a role. Its shapes stand here because the client cannot depend on the
/// generated services that depend on it.
struct AssumeRole: Sendable {
    /// Sends one operation, signed by these credentials.
    let send: @Sendable (OperationSchema, Request, Credentials) async throws -> Response

    /// - Throws: ``CredentialError`` telling why STS refused.
    func callAsFunction(_ request: Request, _ source: Credentials) async throws -> ExpiringCredentials {
        let keys: Keys?
        do {
            keys = try await send(Self.operation, request, source).credentials
        } catch let error as AWSError {
            throw CredentialError("\(request.roleArn ?? "the role") could not be assumed: \(error)")
        }
        guard let keys, let id = keys.accessKeyID, let secret = keys.secretAccessKey, let token = keys.sessionToken
        else { throw CredentialError("STS answered AssumeRole without credentials") }
        return ExpiringCredentials(
            Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token), expiration: keys.expiration)
    }

    private static let service = ServiceSchema(
        name: "sts", serviceID: "STS", apiVersion: "2011-06-15", endpointPrefix: "sts", signingName: "sts",
        protocols: [.awsQuery], targetPrefix: nil, xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        globalEndpoint: nil)

    private static let operation = OperationSchema(
        "AssumeRole", service, .POST, "/", input: Request.schema, output: Response.schema,
        outputRoot: "AssumeRoleResponse", resultWrapper: "AssumeRoleResult")

    struct Request: Shape {
        var roleArn: String?
        var sessionName: String?
        var externalID: String?
        var durationSeconds: Int?

        init() {}

        init(roleArn: String, sessionName: String, externalID: String?, durationSeconds: Int?) {
            self.roleArn = roleArn
            self.sessionName = sessionName
            self.externalID = externalID
            self.durationSeconds = durationSeconds
        }

        static let schema = StructureSchema(
            "AssumeRoleRequest",
            [
                MemberSchema("RoleArn", .string, [.required]), MemberSchema("RoleSessionName", .string, [.required]),
                MemberSchema("ExternalId", .string), MemberSchema("DurationSeconds", .integer),
            ])

        init<R: ShapeReader>(from reader: inout R) throws(WireError) {
            try reader.beginStructure(Self.schema)
            while let member = try reader.nextMember() {
                switch member {
                case 0: roleArn = try .init(from: &reader)
                case 1: sessionName = try .init(from: &reader)
                case 2: externalID = try .init(from: &reader)
                case 3: durationSeconds = try .init(from: &reader)
                default: break
                }
            }
        }

        func write<W: ShapeWriter>(to writer: inout W) {
            writer.beginStructure(Self.schema)
            writer.put(0, roleArn)
            writer.put(1, sessionName)
            writer.put(2, externalID)
            writer.put(3, durationSeconds)
            writer.endStructure()
        }
    }

    struct Response: Shape {
        var credentials: Keys?

        init() {}

        static let schema = StructureSchema("AssumeRoleResponse", [MemberSchema("Credentials", .structure)])

        init<R: ShapeReader>(from reader: inout R) throws(WireError) {
            try reader.beginStructure(Self.schema)
            while let member = try reader.nextMember() {
                if member == 0 { credentials = try .init(from: &reader) }
            }
        }

        func write<W: ShapeWriter>(to writer: inout W) {
            writer.beginStructure(Self.schema)
            writer.put(0, credentials)
            writer.endStructure()
        }
    }

    struct Keys: Shape {
        var accessKeyID: String?
        var secretAccessKey: String?
        var sessionToken: String?
        var expiration: Timestamp?

        init() {}

        static let schema = StructureSchema(
            "Credentials",
            [
                MemberSchema("AccessKeyId", .string), MemberSchema("SecretAccessKey", .string, [.sensitive]),
                MemberSchema("SessionToken", .string, [.sensitive]), MemberSchema("Expiration", .timestamp),
            ])

        init<R: ShapeReader>(from reader: inout R) throws(WireError) {
            try reader.beginStructure(Self.schema)
            while let member = try reader.nextMember() {
                switch member {
                case 0: accessKeyID = try .init(from: &reader)
                case 1: secretAccessKey = try .init(from: &reader)
                case 2: sessionToken = try .init(from: &reader)
                case 3: expiration = try .init(from: &reader)
                default: break
                }
            }
        }

        func write<W: ShapeWriter>(to writer: inout W) {
            writer.beginStructure(Self.schema)
            writer.put(0, accessKeyID)
            writer.put(1, secretAccessKey)
            writer.put(2, sessionToken)
            writer.put(3, expiration)
            writer.endStructure()
        }
    }
}
