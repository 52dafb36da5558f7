import ArgumentParser
import SwiftletCommandLine
import SwiftletIO

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Manual.self,
        discussion: """
            swiftlet manual | man -l -

            To install it: swiftlet manual > /usr/local/share/man/man1/swiftlet.1
            """)

    func run() throws { print(try ManualPage().text, terminator: "") }
}
