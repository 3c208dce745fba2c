import Ground

/// A value that a codec can read and write: scalars, lists, maps and structures.
public protocol WireValue: Sendable {
    init<R: ShapeReader>(from reader: inout R) throws(WireError)
    func write<W: ShapeWriter>(to writer: inout W)
}

/// A structure of a service model. Its generated code walks the schema: it asks a reader which member comes next, and
/// tells a writer which member it gives. Every member is optional, since what is missing is told by the ``Validator``
/// in AWS's words, all of it at once.
public protocol Shape: WireValue {
    static var schema: StructureSchema { get }
    init()
}

/// An enumeration of a service model. A value that the model does not know is kept as it is: a client must not fail on
/// what AWS added yesterday; a server refuses it through the ``Validator``.
public protocol ShapeEnum: WireValue, RawRepresentable, Hashable, ExpressibleByStringLiteral where RawValue == String {
    init(rawValue: String)
}

extension ShapeEnum {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self.init(rawValue: try reader.string()) }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.string(rawValue) }
}

/// What a document did wrong, before any service saw it.
public enum WireError: Error, Sendable, Equatable {
    /// The bytes are no document of the protocol: broken JSON, XML, CBOR or form.
    case malformed(String)
    /// The document is sound but does not fit the schema: a string where a structure belongs.
    case mistyped(member: String, expected: String)
    /// The document is deeper, longer or has more items than is accepted.
    case tooLarge(String)
}

/// Reads one document of one wire protocol against schemas.
///
/// The order of calls is that of the document, not of the schema: a structure asks `nextMember` until it gives `nil`,
/// a list `nextItem` until `false`, a map `nextKey` until `nil`. Members that the schema does not know are skipped by
/// the reader, and members that are `null` are not reported.
public protocol ShapeReader {
    mutating func beginStructure(_ schema: StructureSchema) throws(WireError)
    /// Index of the member whose value comes next; `nil` ends the structure.
    mutating func nextMember() throws(WireError) -> Int?
    mutating func beginList() throws(WireError)
    mutating func nextItem() throws(WireError) -> Bool
    mutating func beginMap() throws(WireError)
    mutating func nextKey() throws(WireError) -> String?

    mutating func string() throws(WireError) -> String
    mutating func boolean() throws(WireError) -> Bool
    mutating func integer() throws(WireError) -> Int
    mutating func double() throws(WireError) -> Double
    mutating func blob() throws(WireError) -> [UInt8]
    mutating func timestamp() throws(WireError) -> Timestamp
    mutating func stream() throws(WireError) -> ByteStream
}

/// Writes one document of one wire protocol against schemas. Calls are well-formed by construction, since only generated
/// code makes them; so nothing here throws.
public protocol ShapeWriter {
    mutating func beginStructure(_ schema: StructureSchema)
    /// Announces the member whose value comes next.
    mutating func member(_ index: Int)
    mutating func endStructure()
    mutating func beginList(count: Int)
    /// Announces an item.
    mutating func item()
    mutating func endList()
    mutating func beginMap(count: Int)
    /// Announces an entry.
    mutating func key(_ key: String)
    mutating func endMap()

    mutating func string(_ value: String)
    mutating func boolean(_ value: Bool)
    mutating func integer(_ value: Int)
    mutating func double(_ value: Double)
    mutating func blob(_ value: [UInt8])
    mutating func timestamp(_ value: Timestamp)
    mutating func stream(_ value: ByteStream)
}

extension ShapeWriter {
    /// Writes a member if it is there.
    @inline(never)
    public mutating func put<V: WireValue>(_ index: Int, _ value: V?) {
        guard let value else { return }
        member(index)
        value.write(to: &self)
    }
}

extension String: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self = try reader.string() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.string(self) }
}

extension Bool: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self = try reader.boolean() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.boolean(self) }
}

extension Int: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self = try reader.integer() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.integer(self) }
}

extension Double: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self = try reader.double() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.double(self) }
}

extension Timestamp: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self = try reader.timestamp() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.timestamp(self) }
}

extension ByteStream: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { self = try reader.stream() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.stream(self) }
}

/// Bytes that are held in memory: a model's blob.
public struct Blob: WireValue, Hashable {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) { bytes = try reader.blob() }
    public func write<W: ShapeWriter>(to writer: inout W) { writer.blob(bytes) }
}

extension Array: WireValue where Element: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) {
        self.init()
        try reader.beginList()
        while try reader.nextItem() { append(try Element(from: &reader)) }
    }

    public func write<W: ShapeWriter>(to writer: inout W) {
        writer.beginList(count: count)
        for element in self {
            writer.item()
            element.write(to: &writer)
        }
        writer.endList()
    }
}

extension Dictionary: WireValue where Key == String, Value: WireValue {
    public init<R: ShapeReader>(from reader: inout R) throws(WireError) {
        self.init()
        try reader.beginMap()
        while let key = try reader.nextKey() { self[key] = try Value(from: &reader) }
    }

    /// Entries go out sorted by key, so that the same value always makes the same document.
    public func write<W: ShapeWriter>(to writer: inout W) {
        writer.beginMap(count: count)
        for (key, value) in self.sorted(by: { $0.key < $1.key }) {
            writer.key(key)
            value.write(to: &writer)
        }
        writer.endMap()
    }
}
