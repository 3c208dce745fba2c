import Ground

extension ChecksumAlgorithm {
    /// The header and trailer field of this checksum, lower-cased.
    package var headerName: String { "x-amz-checksum-\(rawValue.lowercased())" }
}
