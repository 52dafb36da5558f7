import SwiftletIO
public import SwiftletModels
public import SwiftletTokenizers

/// Pads both sentences of all rows to one length.
public struct DataCollatorForSentencePairs: DataCollator {
    public var makesLabels: Bool { true }
    private let choices: DataCollatorForMultipleChoice

    /// - Throws: `TrainingError` if the tokenizer has no padding token.
    public init(tokenizer: Tokenizer, padToMultipleOf: Int? = nil) throws {
        choices = try DataCollatorForMultipleChoice(tokenizer: tokenizer, padToMultipleOf: padToMultipleOf)
    }

    /// - Returns: tensors of shape `[batch, 2, sequence]`, without labels: a sentence's partner is its own.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        guard examples.allSatisfy({ $0.choices.count == 2 }) else {
            throw TrainingError(
                "a row of this batch is no pair of sentences",
                remedy: "Encode both with tokenizer.encodeSeparately(...).", kind: .invalidData,
                at: ErrorLocation(column: "input_ids"))
        }
        return try choices(
            examples.map { example in
                var example = example
                example.label = nil
                return example
            })
    }
}
