import Foundation
import Ground
import ObjectStore
import Synchronization

/// A file layer that remembers what has reached the disk, fails on demand, and can take back all that has not.
final class RecordingFileLayer: FileLayer {
    private struct State {
        var paths: [CInt: String] = [:]
        /// The bytes of files as of their last sync.
        var synced: [String: Data] = [:]
        /// Files and directories that were made, and those of them whose name has reached the disk.
        var made: Set<String> = []
        var named: Set<String> = []
        var operations = 0
        var failsFrom: Int?
        var failure: CInt = EIO
        var writeRoom: Int?
    }
    private let state = Mutex(State())
    private let system = SystemFileLayer()

    var operations: Int { state.withLock { $0.operations } }

    /// From the operation of that number on nothing works any more, as after the power is cut.
    func cutPower(at operation: Int) { state.withLock { $0.failsFrom = operation } }

    /// The disk takes so many bytes more.
    func setRoom(_ bytes: Int?) { state.withLock { $0.writeRoom = bytes } }

    private func count(_ call: String) throws(SystemError) {
        let failure: CInt? = state.withLock { state in
            state.operations += 1
            guard let limit = state.failsFrom, state.operations >= limit else { return nil }
            return state.failure
        }
        if let failure { throw SystemError(call: call, subject: "test", code: failure) }
    }

    func open(_ path: String, creating: Bool) throws(SystemError) -> OpenFile {
        try count("open")
        let file = try system.open(path, creating: creating)
        let known = FileManager.default.contents(atPath: path)
        state.withLock { state in
            state.paths[file.descriptor] = path
            if creating { state.made.insert(path) } else if state.synced[path] == nil { state.synced[path] = known }
        }
        return file
    }

    func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int64) throws(SystemError) {
        try count("write")
        let hasRoom = state.withLock { state in
            guard let room = state.writeRoom else { return true }
            guard room >= bytes.count else { return false }
            state.writeRoom = room - bytes.count
            return true
        }
        guard hasRoom else { throw SystemError(call: "pwrite", subject: "test", code: ENOSPC) }
        try system.write(bytes, to: file, at: offset)
    }

    func allocate(_ file: OpenFile, from offset: Int64, length: Int64) throws(SystemError) {
        // Not passed on: with the length set beforehand a lost write would not show.
        try count("allocate")
    }

    func syncData(_ file: OpenFile) throws(SystemError) {
        try count("sync")
        try system.syncData(file)
        state.withLock { state in
            guard let path = state.paths[file.descriptor] else { return }
            state.synced[path] = FileManager.default.contents(atPath: path)
        }
    }

    func syncDirectory(_ path: String) throws(SystemError) {
        try count("syncDirectory")
        try system.syncDirectory(path)
        state.withLock { state in
            for made in state.made where (made as NSString).deletingLastPathComponent == path {
                state.named.insert(made)
            }
        }
    }

    func link(_ path: String, to newPath: String) throws(SystemError) {
        try count("link")
        try system.link(path, to: newPath)
        state.withLock { state in
            state.made.insert(newPath)
            state.synced[newPath] = state.synced[path]
        }
    }

    func unlink(_ path: String) throws(SystemError) {
        try count("unlink")
        try system.unlink(path)
    }

    func makeDirectory(_ path: String) throws(SystemError) {
        try count("mkdir")
        let isNew = !FileManager.default.fileExists(atPath: path)
        try system.makeDirectory(path)
        if isNew { state.withLock { _ = $0.made.insert(path) } }
    }

    func names(in path: String) throws(SystemError) -> [String] { try system.names(in: path) }

    /// Takes back whatever no sync has brought to the disk. The store must have been closed.
    ///
    /// The database is left alone: SQLite syncs it by itself. So are the store's own directories, made once.
    func losePower() throws {
        try state.withLock { state in
            for path in state.made.sorted() where path.contains("/blobs/") || path.contains("/segments/") {
                guard FileManager.default.fileExists(atPath: path) else { continue }
                if !state.named.contains(path) {
                    try FileManager.default.removeItem(atPath: path)
                } else if (path as NSString).lastPathComponent.count > 2 {
                    try (state.synced[path] ?? Data()).write(to: URL(fileURLWithPath: path))
                }
            }
        }
    }
}
