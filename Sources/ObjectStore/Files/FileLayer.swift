import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What the store does to files beside the database: a seam for tests, which record what was synced and let disks fill
/// up.
package protocol FileLayer: Sendable {
    /// Opens for writing and reading, mode 0600.
    /// - Parameter creating: whether the file is made, in which case it must not be there yet.
    func open(_ path: String, creating: Bool) throws(SystemError) -> OpenFile
    /// Writes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int64) throws(SystemError)
    /// Gives the file room on the disk, and that length.
    func allocate(_ file: OpenFile, from offset: Int64, length: Int64) throws(SystemError)
    /// On the disk when it returns: the file's bytes and what is needed to read them, but not its name.
    func syncData(_ file: OpenFile) throws(SystemError)
    /// On the disk when it returns: the names in a directory.
    func syncDirectory(_ path: String) throws(SystemError)
    /// A second name for a file.
    func link(_ path: String, to newPath: String) throws(SystemError)
    /// Takes a name away; a name that is not there is no failure.
    func unlink(_ path: String) throws(SystemError)
    /// Mode 0700; a directory that is there already is no failure.
    func makeDirectory(_ path: String) throws(SystemError)
    /// The names in a directory, without `.` and `..`; none where it is not there.
    func names(in path: String) throws(SystemError) -> [String]
}

/// The file system itself.
package struct SystemFileLayer: FileLayer {
    package init() {}

    package func open(_ path: String, creating: Bool) throws(SystemError) -> OpenFile {
        let flags = O_RDWR | O_CLOEXEC | (creating ? O_CREAT | O_EXCL : 0)
        #if canImport(Glibc)
        let descriptor = Glibc.open(path, flags, 0o600)
        #else
        let descriptor = Darwin.open(path, flags, 0o600)
        #endif
        guard descriptor >= 0 else { throw .last("open", path) }
        return OpenFile(descriptor: descriptor)
    }

    package func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let written = pwrite(
                file.descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + off_t(done))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .last("pwrite", "") }
            done += written
        }
    }

    package func allocate(_ file: OpenFile, from offset: Int64, length: Int64) throws(SystemError) {
        #if canImport(Glibc)
        var result = posix_fallocate(file.descriptor, off_t(offset), off_t(length))
        while result == EINTR { result = posix_fallocate(file.descriptor, off_t(offset), off_t(length)) }
        guard result == 0 else { throw SystemError(call: "posix_fallocate", subject: "", code: result) }
        #endif
    }

    package func syncData(_ file: OpenFile) throws(SystemError) {
        #if canImport(Glibc)
        guard fdatasync(file.descriptor) == 0 else { throw .last("fdatasync", "") }
        #else
        // fsync does not reach the medium there.
        guard fcntl(file.descriptor, F_FULLFSYNC) == 0 else { throw .last("F_FULLFSYNC", "") }
        #endif
    }

    package func syncDirectory(_ path: String) throws(SystemError) {
        let directory = try OpenFile(reading: path)
        guard fsync(directory.descriptor) == 0 else { throw .last("fsync", path) }
    }

    package func link(_ path: String, to newPath: String) throws(SystemError) {
        #if canImport(Glibc)
        let result = Glibc.link(path, newPath)
        #else
        let result = Darwin.link(path, newPath)
        #endif
        guard result == 0 else { throw .last("link", newPath) }
    }

    package func unlink(_ path: String) throws(SystemError) {
        #if canImport(Glibc)
        let result = Glibc.unlink(path)
        #else
        let result = Darwin.unlink(path)
        #endif
        guard result == 0 || errno == ENOENT else { throw .last("unlink", path) }
    }

    package func makeDirectory(_ path: String) throws(SystemError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .last("mkdir", path) }
    }

    package func names(in path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else {
            if errno == ENOENT { return [] }
            throw .last("opendir", path)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
