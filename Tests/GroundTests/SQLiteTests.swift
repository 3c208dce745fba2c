import Foundation
import Ground
import Testing

@Suite struct SQLiteTests {
    private func withDatabase(_ body: (SQLiteConnection, String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "/sqlite-" + UUID().uuidString
        defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
        let database = try SQLiteConnection(path: path, cacheKiB: 256)
        defer { database.close() }
        try database.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT, bytes BLOB)")
        try body(database, path)
    }

    @Test func valuesComeBack() throws {
        try withDatabase { database, _ in
            let insert = try database.statement("INSERT INTO t VALUES (?1, ?2, ?3)")
            try insert.bind(1, Int64.min).bind(2, "grüße\u{1F600}").bind(3, [0, 255, 0]).run()
            try insert.bind(1, 2).bind(2, "").bind(3, [UInt8]()).run()
            try insert.bind(1, 3).bindNull(2).bind(3, nil as [UInt8]?).run()
            let rows = try database.statement("SELECT id, text, bytes FROM t ORDER BY id").all { row in
                "\(row.int64(0)) \(row.isNull(1) ? "NULL" : row.text(1)) \(row.isNull(2) ? "NULL" : "\(row.bytes(2))")"
            }
            #expect(rows == ["-9223372036854775808 grüße\u{1F600} [0, 255, 0]", "2  []", "3 NULL NULL"])
        }
    }

    @Test func itSyncsEachCommit() throws {
        try withDatabase { database, _ in
            let synchronous = try database.number("PRAGMA synchronous")
            #expect(synchronous == 2)
            let checkpoint = try database.number("PRAGMA wal_autocheckpoint")
            #expect(checkpoint == 0)
        }
    }

    @Test func errorsTellWhatHappened() throws {
        try withDatabase { database, path in
            let failure = #expect(throws: SQLiteError.self) { try database.statement("SELECT nothing FROM nowhere") }
            #expect(failure?.description.contains("nowhere") == true)
            try database.execute("PRAGMA max_page_count = 4")
            try database.begin()
            let full = #expect(throws: SQLiteError.self) {
                try database.statement("INSERT INTO t (bytes) VALUES (?1)").bind(
                    1, [UInt8](repeating: 1, count: 50_000)
                ).run()
            }
            #expect(full?.isFull == true && full?.isCorrupt == false)
            database.rollback()
            #expect(try database.number("SELECT count(*) FROM t") == 0)

            let other = try SQLiteConnection(path: path, cacheKiB: 64, busyMilliseconds: 0)
            try database.begin()
            let busy = #expect(throws: SQLiteError.self) { try other.begin() }
            #expect(busy?.isBusy == true)
            database.rollback()
            other.close()
        }
    }

    @Test func damageIsTold() throws {
        let path = NSTemporaryDirectory() + "/sqlite-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(repeating: 7, count: 4096).write(to: URL(fileURLWithPath: path))
        let failure = #expect(throws: SQLiteError.self) {
            let database = try SQLiteConnection(path: path, cacheKiB: 64)
            _ = try database.number("PRAGMA user_version")
        }
        #expect(failure?.isCorrupt == true)
    }

    @Test func checkpointsEmptyTheLog() throws {
        try withDatabase { database, _ in
            for number in 0..<100 {
                try database.statement("INSERT INTO t (text) VALUES (?1)").bind(1, "\(number)").run()
            }
            #expect(database.logPages > 100)
            #expect(try database.checkpoint(.passive))
            #expect(try database.checkpoint(.truncate))
            #expect(database.logPages == 0)
            #expect(try database.number("SELECT count(*) FROM t") == 100)
        }
    }

    @Test func aSnapshotDoesNotChange() throws {
        try withDatabase { database, path in
            let reader = try SQLiteConnection(path: path, cacheKiB: 64)
            defer { reader.close() }
            try reader.snapshot {
                #expect(try reader.number("SELECT count(*) FROM t") == 0)
                try database.execute("INSERT INTO t (text) VALUES ('x')")
                #expect(try reader.number("SELECT count(*) FROM t") == 0)
            }
            #expect(try reader.number("SELECT count(*) FROM t") == 1)
        }
    }
}
