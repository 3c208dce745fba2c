import AWSWire

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// The codecs as a process: a question a line on stdin, an answer a line on stdout.
let probe = Probe()
while let line = readLine() {
    var writer = JSONWriter()
    await probe.answer(line).write(to: &writer)
    let bytes = writer.bytes + [UInt8(ascii: "\n")]
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(1) }
        written += count
    }
}
