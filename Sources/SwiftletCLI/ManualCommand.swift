import ArgumentParser
import SwiftletIO

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print the manual page, for man.",
        discussion: """
            swiftlet manual | man -l -

            To install it: swiftlet manual > /usr/local/share/man/man1/swiftlet.1
            """)

    func run() throws { print(try ManualPage().text, terminator: "") }
}
