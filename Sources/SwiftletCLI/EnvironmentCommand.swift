import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Environment.self)

    @Flag(help: "As a JSON object; an entry with a note is an array of both.") var json = false

    func run() throws {
        let report = EnvironmentReport()
        if json {
            print(report.json.text(JSONStyle(indent: 2)))
            return
        }
        let width = (report.entries.map(\.name.count).max() ?? 0) + 2
        for entry in report.entries {
            print(entry.name + String(repeating: " ", count: width - entry.name.count) + entry.value.shown())
            if let note = entry.note { print(String(repeating: " ", count: width) + note.shown()) }
        }
    }
}
