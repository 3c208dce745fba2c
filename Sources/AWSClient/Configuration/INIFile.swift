/// The format of `~/.aws/config` and `~/.aws/credentials`: sections of `name = value` lines, where an empty value may be
/// followed by indented lines of its own, one level deep.
package struct INIFile: Sendable, Equatable {
    /// What a name stands for.
    package struct Property: Sendable, Equatable {
        package var text: String
        /// The indented `name = value` lines below an empty value.
        package var nested: [String: String] = [:]

        package init(text: String, nested: [String: String] = [:]) {
            self.text = text
            self.nested = nested
        }
    }

    /// A line that is neither a section, a property nor a comment.
    package struct SyntaxError: Error, Equatable {
        package let line: Int
        package let reason: String
    }

    /// By the text between the brackets, runs of white space folded and quotes dropped: `profile dev`. A section that
    /// comes twice is one; later properties win. Names of properties are lower-cased.
    package private(set) var sections: [String: [String: Property]] = [:]

    package init() {}

    package init(parsing text: String) throws(SyntaxError) {
        var section: String?
        var property: String?
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = Self.trim(line)
            guard let first = content.first, first != "#", first != ";" else { continue }
            if line.first == "[" {
                let name = try Self.sectionName(content, line: index + 1)
                if sections[name] == nil { sections[name] = [:] }
                section = name
                property = nil
                continue
            }
            guard let section else {
                throw SyntaxError(line: index + 1, reason: "a property stands before the first [section]")
            }
            if line.first?.isWhitespace == true, let property {
                try continueProperty(property, of: section, with: content, line: index + 1)
            } else {
                let (name, value) = try Self.assignment(content, line: index + 1)
                sections[section]?[name] = Property(text: value)
                property = name
            }
        }
    }

    private mutating func continueProperty(
        _ name: String, of section: String, with content: Substring, line: Int
    ) throws(SyntaxError) {
        guard var property = sections[section]?[name] else { return }
        if property.text.isEmpty {
            let (nestedName, value) = try Self.assignment(content, line: line)
            property.nested[nestedName] = value
        } else {
            property.text += "\n" + content
        }
        sections[section]?[name] = property
    }

    private static func sectionName(_ content: Substring, line: Int) throws(SyntaxError) -> String {
        guard let end = content.firstIndex(of: "]") else {
            throw SyntaxError(line: line, reason: "a section has no closing bracket")
        }
        let rest = trim(content[content.index(after: end)...])
        guard rest.isEmpty || rest.first == "#" || rest.first == ";" else {
            throw SyntaxError(line: line, reason: "there is text behind a section")
        }
        return content[content.index(after: content.startIndex)..<end]
            .split(whereSeparator: { $0.isWhitespace || $0 == "\"" || $0 == "'" }).joined(separator: " ")
    }

    private static func assignment(
        _ content: Substring, line: Int
    ) throws(SyntaxError) -> (name: String, value: String) {
        guard let equals = content.firstIndex(of: "=") else {
            throw SyntaxError(line: line, reason: "there is no '='")
        }
        let name = trim(content[..<equals]).lowercased()
        guard !name.isEmpty else { throw SyntaxError(line: line, reason: "there is no name before '='") }
        return (name, String(trim(withoutComment(content[content.index(after: equals)...]))))
    }

    /// A comment behind a value starts at `#` or `;` after white space; without that it belongs to the value.
    private static func withoutComment(_ value: Substring) -> Substring {
        var previousIsSpace = false
        for index in value.indices {
            let character = value[index]
            if previousIsSpace, character == "#" || character == ";" { return value[..<index] }
            previousIsSpace = character.isWhitespace
        }
        return value
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
