import AWSModels
import AWSWire
import Ground
import NIOCore
import Testing

@Suite struct XMLTests {
    private func delete(_ xml: String) throws(WireError) -> S3.Delete? {
        let request = WireRequest(method: .POST, labels: ["Bucket": "b"], document: ByteBuffer(string: xml))
        let input: S3.DeleteObjectsRequest = try ServerCodec.decode(S3.deleteObjects, request, .restXML)
        return input.delete
    }

    @Test func everyFormOfTextIsRead() throws {
        let delete = try delete(
            """
            \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
            <!-- a comment --><?pi?>
            <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" other='1'>
              <s3:Object ><Key>a&amp;&lt;&gt;&quot;&apos;&#233;&#x1F41D;&#x1;</Key ></s3:Object>
              <Unknown><Key>no</Key></Unknown>
              <Quiet> true </Quiet>
              <Object><Key><![CDATA[<b>&amp;]]> x<!-- y -->z\r\n1\r2</Key><VersionId></VersionId></Object>
            </s3:Delete>

            """)
        #expect(delete?.objects?.map(\.key) == ["a&<>\"'é🐝\u{1}", "<b>&amp; xz\n1\n2"])
        #expect(delete?.objects?.last?.versionId == "")
        #expect(delete?.quiet == true)
    }

    @Test(arguments: [
        "<!DOCTYPE Delete [<!ENTITY a \"b\">]><Delete/>", "<!DOCTYPE Delete SYSTEM \"file:///etc/passwd\"><Delete/>",
        "<Delete>&a;</Delete>", "<Delete>&#0;</Delete>", "<Delete>&#xD800;</Delete>", "<Delete>&amp</Delete>",
        "<Delete",
        "<Delete>", "<Delete></Deletee>", "<Delete/><Delete/>", "x<Delete/>", "<Delete/>x", "<Other/>",
        "<Delete><Object>x</Object></Delete>",
        "<Delete><a></Delete></a>", "<Delete a></Delete>", "<Delete a=b/>", "<Delete a='1' a='2'/>", "<Delete a='<'/>",
        "<Delete a='1'b='2'/>",
        "<1Delete/>", "<Delete>\u{1}</Delete>", "<?xml version='1.0' encoding='UTF-16'?><Delete/>",
        "<![CDATA[x]]><Delete/>",
        "<Delete><Quiet>maybe</Quiet></Delete>", "<Delete><Quiet><x/></Quiet></Delete>", "<Delete><!-- </Delete>",
        "</Delete>",
    ])
    func brokenDocumentsAreRefused(xml: String) {
        let error = #expect(throws: WireError.self) { try delete(xml) }
        #expect(error?.asAWSError(.restXML).code == "MalformedXML")
    }

    @Test func depthAttributesAndElementsAreBounded() {
        let deep = "<Delete>" + String(repeating: "<a>", count: 100_000)
        #expect(throws: WireError.tooLarge("nested deeper than 32")) { try delete(deep) }
        let attributes = "<Delete " + (0..<70).map { "a\($0)='' " }.joined() + "/>"
        #expect(throws: WireError.tooLarge("more than 64 attributes")) { try delete(attributes) }
        let wide = "<Delete>" + String(repeating: "<a/>", count: 500_001) + "</Delete>"
        #expect(throws: WireError.tooLarge("more than 500000 elements")) { try delete(wide) }
    }

    @Test func textThatIsNotUTF8IsRefused() {
        var document = ByteBuffer(string: "<Delete><Object><Key>")
        document.writeBytes([0xFF])
        document.writeString("</Key></Object></Delete>")
        #expect(throws: WireError.self) {
            try ServerCodec.decode(
                S3.deleteObjects, WireRequest(method: .POST, document: document), .restXML) as S3.DeleteObjectsRequest
        }
    }

    @Test func flattenedListsMayBeInterleaved() throws {
        let xml =
            "<ListVersionsResult><Version><Key>a</Key></Version><DeleteMarker><Key>b</Key></DeleteMarker>"
            + "<Version><Key>c</Key></Version></ListVersionsResult>"
        let output: S3.ListObjectVersionsOutput = try ClientCodec.decode(
            S3.listObjectVersions, status: 200, headers: [:], document: ByteBuffer(string: xml))
        #expect(output.versions?.map(\.key) == ["a", "c"])
        #expect(output.deleteMarkers?.map(\.key) == ["b"])
    }

    @Test func attributesKeepTheirPrefix() throws {
        let grantee = Self.granteeSchema
        var writer = XMLWriter(milliseconds: true)
        writer.root("Grantee", namespace: nil)
        writer.beginStructure(grantee)
        writer.member(0)
        writer.string("a\r\u{1}<\t\n\"")
        writer.member(1)
        writer.string("Canonical\"User\n")
        writer.endStructure()
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(
            text == "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                + "xsi:type=\"Canonical&quot;User&#10;\"><ID>a&#13;&#x1;&lt;\t\n\"</ID></Grantee>")
        for prefix in ["xsi", "x"] {
            var reader = try XMLReader(Array(text.replacing("xsi", with: prefix).utf8))
            try reader.beginStructure(grantee)
            #expect(try reader.nextMember() == 1)
            #expect(try reader.string() == "Canonical\"User\n")
            #expect(try reader.nextMember() == 0)
            #expect(try reader.string() == "a\r\u{1}<\t\n\"")
            #expect(try reader.nextMember() == nil)
        }
    }

    private static let granteeSchema = StructureSchema(
        "Grantee", [MemberSchema("ID", .string), MemberSchema("Type", .string, wire: "xsi:type", [.xmlAttribute])])

    @Test func strictDocumentsRefuseWhatTheyDoNotKnow() throws {
        for xml in ["<G><ID>1</ID><ID>2</ID></G>", "<G><Other/></G>"] {
            #expect(throws: WireError.self) {
                var reader = try XMLReader(Array(xml.utf8), strictness: .schema)
                try reader.beginStructure(Self.granteeSchema)
                while try reader.nextMember() != nil { _ = try reader.string() }
            }
        }
    }
}
