import Logging
import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Writes a line for each message to standard error, with its metadata as `key=value` or as JSON.
struct ServeLogHandler: LogHandler {
    enum Format: String, CaseIterable, Sendable { case text, json }

    let format: Format
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    init(format: Format) { self.format = format }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        let pairs = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        var line: String
        switch format {
        case .json:
            let fields: [(String, JSONValue)] =
                [
                    ("time", .string(Self.time)), ("level", .string("\(event.level)")),
                    ("message", .string("\(event.message)")),
                ] + pairs.map { ($0, Int($1).map { .int($0) } ?? .string($1)) }
            line = JSONValue.object(JSONObject(fields)).text(.line) + "\n"
        case .text:
            let shown = pairs.map { " \($0)=\($1.contains(" ") ? "'\($1)'" : $1)" }.joined()
            line = "\(Self.time) \(event.level) \(event.message)\(shown)".shown() + "\n"
        }
        // One call for each line, so that lines of several threads stay whole.
        line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Now, in UTC, as `2030-01-31T12:00:00.123Z`.
    private static var time: String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let day = [
            digits(Int(parts.tm_year) + 1900, 4), digits(Int(parts.tm_mon) + 1, 2), digits(Int(parts.tm_mday), 2),
        ].joined(separator: "-")
        let clock = [Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec)].map { digits($0, 2) }
            .joined(separator: ":")
        return "\(day)T\(clock).\(digits(Int(now.tv_nsec) / 1_000_000, 3))Z"
    }
}
