import Synchronization

/// Regular expressions of the models, compiled once each. They are written for Java: `\w`, `\d` and `\s` mean ASCII, a
/// character is a code point, and code points beyond the first plane are surrogates. What does not compile constrains
/// nothing.
package enum PatternCache {
    /// Longer text is not matched: some patterns take time that grows faster than the text.
    private static let longestText = 4096

    private struct Compiled {
        let regex: Regex<AnyRegexOutput>?
    }

    /// A cache, not state: patterns come from the models alone, so it has an end.
    private static let compiled = Mutex<[String: Compiled]>([:])

    /// Whether the pattern matches the whole of the text.
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        guard text.utf8.count <= longestText else { return true }
        return compiled.withLock { cache in
            let entry: Compiled
            if let known = cache[pattern] {
                entry = known
            } else {
                entry = Compiled(regex: compile(pattern))
                cache[pattern] = entry
            }
            guard let regex = entry.regex else { return true }
            return (try? regex.wholeMatch(in: text)) != nil
        }
    }

    /// Whether a pattern is one that can be checked.
    package static func compiles(_ pattern: String) -> Bool { compile(pattern) != nil }

    private static func compile(_ pattern: String) -> Regex<AnyRegexOutput>? {
        let translated = pattern.replacing("\\uD800\\uDC00-\\uDBFF\\uDFFF", with: "\\u{10000}-\\u{10FFFF}")
            .replacing("\\ud800\\udc00-\\udbff\\udfff", with: "\\u{10000}-\\u{10FFFF}")
        guard let regex = try? Regex(translated) else { return nil }
        return regex.matchingSemantics(.unicodeScalar).asciiOnlyCharacterClasses()
    }
}
