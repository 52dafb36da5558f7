package import ArgumentParser
import SwiftletIO
import SwiftletTokenizers

/// `swiftlet tokenize`, in each program that has it: they differ in where the model's folder comes from.
package struct TokenizeOptions: ParsableArguments {
    /// Of the command with these options.
    package static let configuration = CommandConfiguration(
        CommandTitles.Tokenize.self,
        discussion: "A tab in a line separates the two texts of a pair.")

    @Option(help: "Folder of a model or tokenizer, or a name on the Hub.") package var model: String
    @Option(help: "Cut sequences at so many tokens, special tokens included; by default none is cut.") var maxLength:
        Int?

    package init() {}

    /// Tokenizes the lines of standard input, and prints one JSON object for each.
    ///
    /// - Parameter folder: of the model or tokenizer.
    /// - Throws: what reading the folder or standard input throws.
    package func run(folder: String) throws {
        let tokenizer = try AutoTokenizer.fromPretrained(folder: folder)
        var input = StandardInput()
        var (count, long, firstLong) = (0, 0, 0)
        while let line = try input.nextLine() {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let encoding = try tokenizer(
                parts[0], parts.count > 1 ? parts[1] : nil, truncation: maxLength == nil ? .none : .longestFirst,
                maxLength: maxLength)
            count += 1
            if maxLength == nil, encoding.inputIDs.count > tokenizer.modelMaxLength {
                long += 1
                if long == 1 { firstLong = count }
            }
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
        if long > 0 {
            let limit = tokenizer.modelMaxLength
            let message =
                "warning: \(long) of \(count) lines, the first of them line \(firstLong), have more than the \(limit) "
                + "tokens that the model takes. Training and predicting cut them; here --max-length \(limit) does."
            writeToStandardError(TerminalStyle.standardError.message(message) + "\n")
        }
    }
}
