import NIOHTTP1

/// How a timestamp is written on the wire.
public enum TimestampFormat: Sendable {
    /// `2026-11-24T08:08:07Z`, with milliseconds where there are any.
    case iso8601
    /// `Tue, 24 Nov 2026 08:08:07 GMT`.
    case rfc822
    /// Seconds since the epoch, as a number.
    case epochSeconds
}

/// What AWS's model allows for a value; broken ones become AWS's validation messages (see ``Validator``).
public struct Constraint: Sendable {
    /// Least length (strings, in characters; blobs; lists; maps) or value (numbers).
    public let min: Int?
    /// Greatest length or value.
    public let max: Int?
    /// A regular expression for the whole of a string.
    public let pattern: String?
    /// The values of an enumeration.
    public let values: [String]

    public init(min: Int? = nil, max: Int? = nil, pattern: String? = nil, values: [String] = []) {
        self.min = min
        self.max = max
        self.pattern = pattern
        self.values = values
    }
}

/// The type of a member, of a list's items or of a map's values.
public final class ValueSchema: Sendable {
    public enum Kind: Sendable {
        case string, boolean, integer, double, blob, timestamp, structure, list, map
        /// A body that is not held in memory.
        case stream
    }

    public let kind: Kind
    public let constraint: Constraint?
    public let timestampFormat: TimestampFormat?
    /// Whether a list or map stands without an element of its own around its items (XML, query).
    public let flattened: Bool
    /// A list's item, or a map's value.
    public let item: ValueSchema?
    /// The item's name in XML and query; where `nil`, the protocol's own (`member`).
    public let itemName: String?
    /// A map's key.
    public let key: ValueSchema?
    /// The names of a map's key and value in XML and query; where `nil`, `key` and `value`.
    public let keyName: String?
    public let valueName: String?

    public init(
        _ kind: Kind, constraint: Constraint? = nil, timestampFormat: TimestampFormat? = nil, flattened: Bool = false,
        item: ValueSchema? = nil, itemName: String? = nil, key: ValueSchema? = nil, keyName: String? = nil,
        valueName: String? = nil
    ) {
        self.kind = kind
        self.constraint = constraint
        self.timestampFormat = timestampFormat
        self.flattened = flattened
        self.item = item
        self.itemName = itemName
        self.key = key
        self.keyName = keyName
        self.valueName = valueName
    }

    public static let string = ValueSchema(.string)
    public static let boolean = ValueSchema(.boolean)
    public static let integer = ValueSchema(.integer)
    public static let double = ValueSchema(.double)
    public static let blob = ValueSchema(.blob)
    public static let timestamp = ValueSchema(.timestamp)
    public static let structure = ValueSchema(.structure)
    public static let stream = ValueSchema(.stream)
}

/// One member of a structure.
public struct MemberSchema: Sendable {
    /// The part of an HTTP message that carries the member (REST protocols only; all others read `body`).
    public enum Location: Sendable {
        case body, header, querystring, uri, statusCode
        /// A map of all headers that start with the wire name.
        case prefixHeaders
    }

    public struct Traits: OptionSet, Sendable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }
        public static let required = Traits(rawValue: 1)
        /// The member is the whole body, not an element in it.
        public static let payload = Traits(rawValue: 2)
        public static let xmlAttribute = Traits(rawValue: 4)
        /// A client fills it in where the caller did not.
        public static let idempotencyToken = Traits(rawValue: 8)
        /// Never logged.
        public static let sensitive = Traits(rawValue: 16)
    }

    /// The name in the model: JSON's and CBOR's key.
    public let name: String
    /// `locationName` of the model, else the name: the XML element, header, query key or URI label.
    public let wireName: String
    /// The name in an ec2Query request, where the model gives one of its own (`queryName`).
    public let queryName: String?
    /// Whether the model gave a `locationName`.
    public let hasWireName: Bool
    public let location: Location
    public let traits: Traits
    public let type: ValueSchema
    /// The XML namespace of the element (payload members).
    public let xmlNamespace: String?

    public init(
        _ name: String, _ type: ValueSchema, wire wireName: String? = nil, at location: Location = .body,
        _ traits: Traits = [], query queryName: String? = nil, namespace: String? = nil
    ) {
        self.name = name
        self.type = type
        self.wireName = wireName ?? name
        self.hasWireName = wireName != nil
        self.queryName = queryName
        self.location = location
        self.traits = traits
        self.xmlNamespace = namespace
    }
}

/// A structure: its name and members in the model's order. Generated code and codecs name members by their index.
public final class StructureSchema: Sendable {
    public let name: String
    public let members: [MemberSchema]
    /// Index by the model's member name.
    public let indexByName: [String: Int]
    /// Index of body members by wire name.
    public let indexByWireName: [String: Int]
    /// Index of header members by lower-cased wire name.
    public let indexByHeader: [String: Int]
    /// Indices of members bound to the query string, the URI and to prefixed headers.
    public let querystringMembers: [Int]
    public let uriMembers: [Int]
    public let prefixHeaderMembers: [Int]
    /// The member that is the whole body.
    public let payloadMember: Int?
    /// Whether any member is in the body without being all of it.
    public let hasBodyMembers: Bool

    public init(_ name: String, _ members: [MemberSchema]) {
        self.name = name
        self.members = members
        func index(_ key: (MemberSchema) -> String?) -> [String: Int] {
            var map: [String: Int] = [:]
            for (position, member) in members.enumerated() {
                if let key = key(member) { map[key] = position }
            }
            return map
        }
        indexByName = index { $0.name }
        indexByWireName = index { $0.location == .body ? $0.wireName : nil }
        indexByHeader = index { $0.location == .header ? $0.wireName.lowercased() : nil }
        querystringMembers = members.indices.filter { members[$0].location == .querystring }
        uriMembers = members.indices.filter { members[$0].location == .uri }
        prefixHeaderMembers = members.indices.filter { members[$0].location == .prefixHeaders }
        let payload = members.firstIndex { $0.traits.contains(.payload) }
        payloadMember = payload
        hasBodyMembers = payload == nil && members.contains { $0.location == .body }
    }
}

/// The wire protocols of AWS. Which one speaks is a property of a request, not of a service.
public enum WireProtocol: String, Sendable, CaseIterable {
    case restXML = "rest-xml"
    case awsQuery = "query"
    case ec2Query = "ec2"
    case awsJSON10 = "json-1.0"
    case awsJSON11 = "json-1.1"
    case rpcV2CBOR = "rpc-v2-cbor"
}

/// A service as its model names it.
public final class ServiceSchema: Sendable {
    /// The name in ARNs, IAM actions and this product's texts: `s3`, `elasticloadbalancing`.
    public let name: String
    /// The model's `serviceId`: `S3`, `Elastic Load Balancing v2`; `AWS_ENDPOINT_URL_<SERVICE>` comes from it.
    public let serviceID: String
    public let apiVersion: String
    /// First part of the host name: `monitoring`.
    public let endpointPrefix: String
    /// The service in a signature's credential scope.
    public let signingName: String
    /// What a client speaks first.
    public let preferredProtocol: WireProtocol
    public let protocols: [WireProtocol]
    /// `X-Amz-Target` is this, a dot, and the operation (awsJson).
    public let targetPrefix: String?
    public let xmlNamespace: String?
    /// Host of a service that is one for all regions.
    public let globalEndpoint: String?

    public init(
        name: String, serviceID: String, apiVersion: String, endpointPrefix: String, signingName: String,
        protocols: [WireProtocol], targetPrefix: String?, xmlNamespace: String?, globalEndpoint: String?
    ) {
        self.name = name
        self.serviceID = serviceID
        self.apiVersion = apiVersion
        self.endpointPrefix = endpointPrefix
        self.signingName = signingName
        self.preferredProtocol = protocols[0]
        self.protocols = protocols
        self.targetPrefix = targetPrefix
        self.xmlNamespace = xmlNamespace
        self.globalEndpoint = globalEndpoint
    }
}

/// An operation as its model names it.
public final class OperationSchema: Sendable {
    public let name: String
    public let service: ServiceSchema
    public let method: HTTPMethod
    /// The model's `requestUri`, such as `/{Bucket}/{Key+}?tagging`.
    public let requestURI: String
    /// The status of success.
    public let status: Int
    /// The element around a request without payload member (restXml), and around an answer.
    public let inputRoot: String?
    public let inputNamespace: String?
    public let outputRoot: String?
    /// The element inside the answer (awsQuery): `GetCallerIdentityResult`.
    public let resultWrapper: String?
    public let input: StructureSchema
    public let output: StructureSchema
    /// Whether a request must carry a checksum of its body (S3: Content-MD5 or `x-amz-checksum-*`).
    public let requestChecksumRequired: Bool
    /// The input member that names the algorithm of the request's checksum.
    public let checksumAlgorithmMember: String?
    public let errors: [ErrorSchema]

    public init(
        _ name: String, _ service: ServiceSchema, _ method: HTTPMethod, _ requestURI: String, status: Int = 200,
        input: StructureSchema, output: StructureSchema, inputRoot: String? = nil, inputNamespace: String? = nil,
        outputRoot: String? = nil, resultWrapper: String? = nil, requestChecksumRequired: Bool = false,
        checksumAlgorithmMember: String? = nil, errors: [ErrorSchema] = []
    ) {
        self.name = name
        self.service = service
        self.method = method
        self.requestURI = requestURI
        self.status = status
        self.input = input
        self.output = output
        self.inputRoot = inputRoot
        self.inputNamespace = inputNamespace
        self.outputRoot = outputRoot
        self.resultWrapper = resultWrapper
        self.requestChecksumRequired = requestChecksumRequired
        self.checksumAlgorithmMember = checksumAlgorithmMember
        self.errors = errors
    }
}

/// An error that a model names for an operation.
public struct ErrorSchema: Sendable {
    /// The shape's name: the code of awsJson.
    public let shape: String
    /// The code on the wire of awsQuery; mostly the shape's name.
    public let code: String
    public let status: Int
    public let isSenderFault: Bool

    public init(_ shape: String, code: String? = nil, status: Int = 400, isSenderFault: Bool = true) {
        self.shape = shape
        self.code = code ?? shape
        self.status = status
        self.isSenderFault = isSenderFault
    }
}
