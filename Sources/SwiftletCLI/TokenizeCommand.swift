import ArgumentParser
import Swiftlet
import SwiftletIO

struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Tokenize the lines of standard input, one JSON object a line.",
        discussion: "A tab in a line separates the two texts of a pair.")

    @Option(help: "Folder of a model or tokenizer, or a name on the Hub.") var model: String
    @Option(help: "Longest sequence in tokens; by default the model's limit.") var maxLength: Int?

    func run() throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: HubNames.model(model, parts: .tokenizer))
        var input = StandardInput()
        while let line = try input.nextLine() {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let encoding = try tokenizer(
                parts[0], parts.count > 1 ? parts[1] : nil, truncation: true, maxLength: maxLength)
            var object = JSONObject()
            for name in tokenizer.modelInputNames {
                let values: [Int32]? =
                    switch name {
                    case "input_ids": encoding.inputIDs
                    case "token_type_ids": encoding.tokenTypeIDs
                    case "attention_mask": encoding.attentionMask
                    default: nil
                    }
                if let values { object[name] = .array(values.map { .int(Int($0)) }) }
            }
            print(JSONValue.object(object).text(.line))
        }
    }
}
