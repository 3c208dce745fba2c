/// What a document may cost before it is refused, whoever sent it. Sizes of whole bodies are the front door's matter;
/// these bounds keep a small body from becoming a large value.
package enum WireLimits {
    /// Nested structures, lists and maps of a JSON or CBOR document.
    package static let depth = 64
    /// Nested elements of an XML document.
    package static let xmlDepth = 32
    /// Elements of an XML document. EC2's longest answers have some hundred for each of 1,000 instances.
    package static let xmlNodes = 500_000
    /// Attributes of one element.
    package static let xmlAttributes = 64
    /// Fields of a form.
    package static let formFields = 10_000
    /// Dotted parts of one field's name.
    package static let formDepth = 32
    /// Nodes of a form's tree.
    package static let formNodes = 100_000
    /// Items of lists and maps and members of structures, all together; a structure counts as ``structureCost`` of
    /// them. CloudWatch's longest answer has 201,600 numbers.
    package static let items = 500_000
    /// A structure has room for all of its members, however few came.
    package static let structureCost = 8
}
