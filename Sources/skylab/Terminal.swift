#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Standard output and error by write(2): what is printed is there at once, to a pipe as well.
enum Terminal {
    static let isInteractive = isatty(STDOUT_FILENO) == 1

    static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func show(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func warn(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Text with an ANSI attribute, on a terminal only.
    static func styled(_ text: String, _ code: String) -> String {
        isInteractive && getenv("NO_COLOR") == nil ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    static func bold(_ text: String) -> String { styled(text, "1") }
    static func dim(_ text: String) -> String { styled(text, "2") }
    static func green(_ text: String) -> String { styled(text, "32") }
    static func red(_ text: String) -> String { styled(text, "31") }
    static func yellow(_ text: String) -> String { styled(text, "33") }

    /// Columns of the terminal.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }

    private static func write(_ text: String, to descriptor: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { bytes in writeBytes(descriptor, bytes.baseAddress, bytes.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

/// `write(2)` under a name that no method hides.
private func writeBytes(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
