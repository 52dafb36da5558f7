import ArgumentParser
import Logging
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

/// How much a command says, and in what form.
struct MessageOptions: ParsableArguments {
    @Flag(help: "Say nothing but results and errors.") var quiet = false
    @Flag(help: "Say more about what is done.") var verbose = false
    @Flag(help: "Print results as JSON on standard output.") var json = false

    func validate() throws {
        if quiet, verbose { throw ValidationError("--quiet and --verbose contradict each other.") }
    }

    var logger: Logger {
        var logger = Logger(label: "swiftlet")
        logger.logLevel = quiet ? .error : verbose ? .debug : .info
        return logger
    }

    /// Whether anything but results is shown.
    var showsProgress: Bool { !quiet && !json }

    /// Prints results: as the course does, one a line, or as one object a stage.
    func show(_ stage: String, _ metrics: [(name: String, value: Double)]) {
        if json {
            say(JSONValue.object(["stage": .string(stage), "metrics": metricsJSON(metrics)]).text(.line))
        } else {
            printMetrics("\(stage) metrics", metrics)
        }
    }
}

/// Metrics by name; `null` for one that is not finite.
func metricsJSON(_ metrics: [(name: String, value: Double)]) -> JSONValue {
    .object(JSONObject(metrics.map { ($0.name, .finite($0.value)) }))
}

/// Prints metrics as the course does, one a line.
func printMetrics(_ title: String, _ metrics: [(name: String, value: Double)]) {
    let width = metrics.map(\.name.count).max() ?? 0
    let lines = metrics.map { name, value in
        "  \(name)\(String(repeating: " ", count: width - name.count)) = \(shortText(value))"
    }
    say(([TerminalStyle.standardOutput("***** \(title) *****", .heading)] + lines).joined(separator: "\n"))
}

/// Four decimals, as in the course; whole numbers without.
func shortText(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int(value)) }
    let scaled = (value * 10_000).rounded() / 10_000
    return String(scaled)
}
