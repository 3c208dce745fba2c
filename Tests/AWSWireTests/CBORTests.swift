import AWSModels
import AWSWire
import Ground
import Testing

@Suite struct CBORTests {
    private func read(_ hex: String) throws -> CloudWatch.PutMetricDataInput {
        var reader = CBORReader(try #require(Hex.decode(hex.filter { $0 != " " })))
        let value = try CloudWatch.PutMetricDataInput(from: &reader)
        try reader.finish()
        return value
    }

    /// `{"Namespace": "ab"}` in all its forms.
    @Test(arguments: [
        "a1 69 4e616d657370616365 62 6162", "bf 69 4e616d657370616365 62 6162 ff",
        "b801 7809 4e616d657370616365 7802 6162",
        "bf 7f 64 4e616d65 65 7370616365 ff 7f 61 61 61 62 ff ff",
        "a2 61 78 82 01 a1 01 02 69 4e616d657370616365 62 6162",
        "a2 61 78 f7 69 4e616d657370616365 62 6162",
    ])
    func lengths(hex: String) throws {
        #expect(try read(hex).namespace == "ab")
    }

    @Test(arguments: [
        "", "a1", "a1 69 4e616d657370616365", "a1 69 4e616d657370616365 62 61", "bf 69 4e616d657370616365 62 6162",
        "a2 69 4e616d657370616365 62 6162 69 4e616d657370616365 62 6162", "a1 69 4e616d657370616365 62 61ff",
        "a1 69 4e616d657370616365 42 6162", "a1 01 02", "a0 00", "80", "f6", "bbffffffffffffffff",
        "a1 69 4e616d657370616365 7bffffffffffffffff", "a1 69 4e616d657370616365 7f 42 6162 ff", "a1 61 78 fc",
        "a1 61 78 9b0000000100000000", "a1 69 4e616d657370616365 1c",
    ])
    func brokenDocumentsAreRefused(hex: String) {
        #expect(throws: WireError.self) { try read(hex) }
    }

    @Test(
        arguments: [
            ("f93c00", 1), ("f97c00", .infinity), ("f9fc00", -.infinity), ("f90001", 0x1p-24), ("f9c400", -4),
            ("fa47c35000", 100_000),
            ("fb3ff199999999999a", 1.1), ("1864", 100), ("3863", -100), ("c2 42 0100", 256), ("c3 42 0100", -257),
            ("1bffffffffffffffff", 18_446_744_073_709_551_615),
        ] as [(String, Double)])
    func numbers(hex: String, value: Double) throws {
        let datum = try read("a1 6a 4d657472696344617461 81 a1 65 56616c7565" + hex)
        #expect(datum.metricData?.first?.value == value)
    }

    @Test func timestamps() throws {
        let prefix = "a1 6a 4d657472696344617461 81 a1 69 54696d657374616d70"
        #expect(try read(prefix + "c1 1a 6b050b67").metricData?.first?.timestamp == Timestamp(seconds: 0x6b05_0b67))
        #expect(
            try read(prefix + "c1 fb 41d954fc40000000").metricData?.first?.timestamp
                == Timestamp(seconds: 1_700_000_000))
        for broken in ["1a 6b050b67", "c1 61 31", "c1 f97e00", "c1 c1 01"] {
            #expect(throws: WireError.self) { try read(prefix + broken) }
        }
    }

    @Test func depthIsBounded() {
        #expect(throws: WireError.tooLarge("nested deeper than 64")) {
            try read("a1 61 78" + String(repeating: "81", count: 50_000) + "00")
        }
        #expect(throws: WireError.tooLarge("nested deeper than 64")) {
            try read("a1 61 78" + String(repeating: "c1", count: 50_000) + "00")
        }
    }
}
