import SwiftletModels
import SwiftletTokenizers

extension PretrainedModel {
    /// Classes that labels of rows or tokens must be among; `nil` for tasks without such.
    var classCount: Int? {
        get throws {
            switch task {
            case .sequenceClassification, .tokenClassification: try config.labelCount
            case .questionAnswering, .multipleChoice, .maskedLM, .featureExtraction, .sentenceEmbeddings: nil
            }
        }
    }

    /// For messages.
    var taskName: String { task == .maskedLM ? "filling in" : task.rawValue.replacing("-", with: " ") }
}

/// What makes batches for a model where nothing else is asked for.
func defaultCollator(_ model: any PretrainedModel, _ tokenizer: Tokenizer) throws -> any DataCollator {
    switch model.task {
    case .sequenceClassification, .questionAnswering, .featureExtraction:
        try DataCollatorWithPadding(tokenizer: tokenizer)
    case .tokenClassification: try DataCollatorForTokenClassification(tokenizer: tokenizer)
    case .multipleChoice: try DataCollatorForMultipleChoice(tokenizer: tokenizer)
    case .maskedLM: try DataCollatorForLanguageModeling(tokenizer: tokenizer)
    case .sentenceEmbeddings: try DataCollatorForSentencePairs(tokenizer: tokenizer)
    }
}
