import AWSModels
import AWSWire

/// The answer of ListObjectVersions with its `Version` and `DeleteMarker` elements in one order, as S3 sends them. The
/// model has a list for each, which loses it.
struct S3VersionListing: Shape {
    enum Entry {
        case version, deleteMarker
    }

    static let schema = S3.ListObjectVersionsOutput.schema
    private static let versions = schema.indexByName["Versions"] ?? 0
    private static let deleteMarkers = schema.indexByName["DeleteMarkers"] ?? 0

    let output: S3.ListObjectVersionsOutput
    private let order: [Entry]

    init(output: S3.ListObjectVersionsOutput, order: [Entry]) {
        self.output = output
        self.order = order
    }

    init() { self.init(output: .init(), order: []) }

    init<R: ShapeReader>(from reader: inout R) throws(WireError) {
        let output = try S3.ListObjectVersionsOutput(from: &reader)
        self.init(
            output: output,
            order: (output.versions ?? []).map { _ in .version }
                + (output.deleteMarkers ?? []).map { _ in .deleteMarker })
    }

    func write<W: ShapeWriter>(to writer: inout W) {
        writer.beginStructure(Self.schema)
        put("Name", output.name, &writer)
        put("Prefix", output.prefix, &writer)
        put("KeyMarker", output.keyMarker, &writer)
        put("VersionIdMarker", output.versionIdMarker, &writer)
        put("NextKeyMarker", output.nextKeyMarker, &writer)
        put("NextVersionIdMarker", output.nextVersionIdMarker, &writer)
        put("MaxKeys", output.maxKeys, &writer)
        put("Delimiter", output.delimiter, &writer)
        put("EncodingType", output.encodingType, &writer)
        put("IsTruncated", output.isTruncated, &writer)
        var versions = (output.versions ?? []).makeIterator()
        var deleteMarkers = (output.deleteMarkers ?? []).makeIterator()
        for entry in order {
            switch entry {
            case .version: writer.put(Self.versions, versions.next().map { [$0] })
            case .deleteMarker: writer.put(Self.deleteMarkers, deleteMarkers.next().map { [$0] })
            }
        }
        put("CommonPrefixes", output.commonPrefixes, &writer)
        put("RequestCharged", output.requestCharged, &writer)
        writer.endStructure()
    }

    private func put<V: WireValue, W: ShapeWriter>(_ name: String, _ value: V?, _ writer: inout W) {
        guard let index = Self.schema.indexByName[name] else { return }
        writer.put(index, value)
    }
}
