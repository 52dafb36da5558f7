#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Whether text for a person is coloured, and how. The one place that decides it, for errors, notes, progress and results.
///
/// Colour is for terminals only. `NO_COLOR` (any text) switches it off everywhere; `CLICOLOR_FORCE` and `FORCE_COLOR` (any
/// text but 0) switch it on for files and pipes too; `TERM=dumb` and `CLICOLOR=0` switch it off on a terminal.
package struct TerminalStyle: Sendable {
    /// What a part of a text means.
    package enum Part: Sendable {
        case error, warning, note, heading, progress

        /// The parameters of the terminal's "select graphic rendition", of the 16 colours that every terminal has.
        fileprivate var code: String {
            switch self {
            case .error: "1;31"
            case .warning: "1;33"
            case .note: "36"
            case .heading: "1"
            case .progress: "32"
            }
        }
    }

    /// Whether texts get colours.
    package let isOn: Bool

    /// - Parameters:
    ///   - isTerminal: whether the text is for a terminal.
    ///   - environment: the value of a variable.
    package init(isTerminal: Bool, environment: (String) -> String?) {
        func isSet(_ name: String) -> Bool { environment(name).map { !$0.isEmpty } ?? false }
        func isForced(_ name: String) -> Bool { isSet(name) && environment(name) != "0" }
        if isSet("NO_COLOR") {
            isOn = false
        } else if isForced("CLICOLOR_FORCE") || isForced("FORCE_COLOR") {
            isOn = true
        } else {
            isOn = isTerminal && environment("TERM") != "dumb" && environment("CLICOLOR") != "0"
        }
    }

    private init(_ file: Int32) {
        self.init(isTerminal: isatty(file) == 1) { name in getenv(name).map { String(cString: $0) } }
    }

    package static let standardOutput = TerminalStyle(STDOUT_FILENO)
    package static let standardError = TerminalStyle(STDERR_FILENO)

    /// The text in the colour of what it means, or as it is.
    package func callAsFunction(_ text: String, _ part: Part) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(part.code)m\(text)\u{1B}[0m" : text
    }

    /// The text with the word before its first colon coloured where it is `error`, `warning` or `note`; other texts as they
    /// are.
    package func message(_ text: String) -> String {
        for (word, part) in [("error:", Part.error), ("warning:", .warning), ("note:", .note), ("Error:", .error)]
        where text.hasPrefix(word) {
            return self(word, part) + text.dropFirst(word.count)
        }
        return text
    }
}
