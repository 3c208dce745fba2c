import Ground

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A small file of `key = value` lines under one `[section]`: readable by people, and by AWS's SDKs where it holds keys.
struct KeyValueFile {
    var section: String
    var values: [(key: String, value: String)]

    /// Larger files are none of ours.
    private static let maximumBytes = 64 * 1024

    subscript(key: String) -> String? { values.last { $0.key == key }?.value }

    init(section: String, values: [(key: String, value: String)]) {
        self.section = section
        self.values = values
    }

    /// - Throws: ``Ground/SystemError``; `ENOENT` where there is no such file.
    init(path: String) throws(SystemError) {
        let file = try OpenFile(reading: path)
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else { throw SystemError.last("stat", path) }
        let bytes = try file.read(min(Int(status.st_size), Self.maximumBytes), at: 0)
        section = ""
        values = []
        for line in String(buffer: bytes).split(separator: "\n") {
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                section = String(line[line.index(after: line.startIndex)..<end])
                continue
            }
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            let key = line[..<equals].filter { $0 != " " }
            values.append((key, String(line[line.index(after: equals)...].drop { $0 == " " })))
        }
    }

    /// Writes the file as a whole: it is there in full with mode 0600, or as it was before.
    func write(to path: String) throws(SystemError) {
        let text = "[\(section)]\n" + values.map { "\($0.key) = \($0.value)\n" }.joined()
        let temporary = "\(path).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open", temporary) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else {
                let error = SystemError.last("write", temporary)
                close(descriptor)
                throw error
            }
            bytes = bytes.dropFirst(written)
        }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, path) == 0 else {
            throw SystemError.last("write", path)
        }
    }
}
