import SwiftletIO

/// An option as it was given.
package struct GivenOption {
    /// As it was written, for messages.
    package var spelling: String
    /// Without dashes, in kebab-case.
    package var name: String
    /// Its values, as they were written.
    package var values: [String]
    /// From a file, where everything has a value, also what was never asked for.
    package var isFromFile = false
    /// The file, for messages.
    package var file: String?

    /// An option of a command line, or of a file.
    package init(
        spelling: String, name: String, values: [String], isFromFile: Bool = false, file: String? = nil
    ) {
        self.spelling = spelling
        self.name = name
        self.values = values
        self.isFromFile = isFromFile
        self.file = file
    }

    /// The option as it was written, and where.
    package var title: String { "'\(spelling)'" + (file.map { " in \($0)" } ?? "") }
}

/// The words of a command line, sorted by options.
package struct GivenArguments {
    /// In the order in which they were given.
    package var options: [GivenOption] = []
    /// Words that belong to no option.
    package var others: [String] = []
    /// What the command takes.
    package let shape: CommandShape

    /// Options that were read elsewhere.
    package init(options: [GivenOption], _ shape: CommandShape) {
        self.options = options
        self.shape = shape
    }

    /// - Parameter form: how an option is written that the command does not have.
    package init(_ words: [String], _ shape: CommandShape, form: (String) -> CommandShape.Form) {
        self.shape = shape
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                others.append(word)
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            var option = GivenOption(
                spelling: parts[0], name: String(parts[0].dropFirst(2)).replacing("_", with: "-"),
                values: Array(parts.dropFirst()))
            if parts.count == 1 {
                let values = rest.prefix { !$0.hasPrefix("--") && $0 != "-h" }
                switch shape.options[option.name] ?? form(option.name) {
                case .flag: option.values = Array(values.prefix(1).filter { JSONValue(truth: $0) != nil })
                case .value, .valueOrFlag: option.values = Array(values.prefix(1))
                case .list: option.values = Array(values)
                }
                rest = rest.dropFirst(option.values.count)
            }
            options.append(option)
        }
    }

    /// The words for ArgumentParser. Of an option that comes twice the last one counts, as in Python.
    ///
    /// - Throws: `UsageError` for a flag whose value is neither true nor false.
    package func commandLine() throws -> [String] {
        var words: [(name: String, words: [String])] = []
        for option in options {
            words.removeAll { $0.name == option.name }
            switch shape.options[option.name] {
            case .flag:
                guard let isOn = option.values.isEmpty ? true : JSONValue(truth: option.values[0])?.bool else {
                    throw UsageError(
                        message: "error: option \(option.title) is '\(option.values[0])'",
                        remedy: "It must be true or false.")
                }
                if isOn {
                    words.append((option.name, ["--\(option.name)"]))
                } else if shape.options["no-\(option.name)"] != nil {
                    words.append((option.name, ["--no-\(option.name)"]))
                }
            case .list: words.append((option.name, ["--\(option.name)"] + option.values))
            default:
                // Joined, so that a value may begin with a dash.
                let value = option.values.first ?? (shape.options[option.name] == .valueOrFlag ? "true" : nil)
                words.append((option.name, value.map { ["--\(option.name)=\($0)"] } ?? ["--\(option.name)"]))
            }
        }
        return words.flatMap(\.words)
    }
}
