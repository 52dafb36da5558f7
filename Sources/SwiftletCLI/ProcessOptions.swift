import ArgumentParser
import Swiftlet
import SwiftletIO

/// How several processes train together; see `swiftlet launch`.
struct ProcessOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.processes
    var given: [String: JSONValue] = [:]
}
