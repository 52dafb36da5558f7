import ArgumentParser
import Swiftlet
import SwiftletCommandLine

struct TokenizeCommand: ParsableCommand {
    static let configuration = TokenizeOptions.configuration

    @OptionGroup var options: TokenizeOptions

    func run() throws { try options.run(folder: HubNames.model(options.model, parts: .tokenizer)) }
}
