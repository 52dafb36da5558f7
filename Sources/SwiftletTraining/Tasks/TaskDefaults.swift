import SwiftletModels
import SwiftletTokenizers

extension PretrainedModel {
    /// Classes that labels of rows or tokens must be among; `nil` for tasks without such.
    var classCount: Int? {
        get throws {
            switch task {
            case .sequenceClassification, .tokenClassification: try config.labelCount
            case .questionAnswering, .multipleChoice, .maskedLM, nil: nil
            }
        }
    }

    /// The name that model hubs have for the task.
    var hubTask: String {
        switch task {
        case .sequenceClassification: "text-classification"
        case .tokenClassification: "token-classification"
        case .questionAnswering: "question-answering"
        case .multipleChoice: "multiple-choice"
        case .maskedLM: "fill-mask"
        case nil: "sentence-similarity"
        }
    }

    /// For messages.
    var taskName: String {
        switch task {
        case .sequenceClassification: "text classification"
        case .tokenClassification: "token classification"
        case .questionAnswering: "question answering"
        case .multipleChoice: "multiple choice"
        case .maskedLM: "filling in"
        case nil: "sentence embeddings"
        }
    }
}

/// What makes batches for a model where nothing else is asked for.
func defaultCollator(_ model: any PretrainedModel, _ tokenizer: Tokenizer) throws -> any DataCollator {
    switch model.task {
    case .sequenceClassification, .questionAnswering: try DataCollatorWithPadding(tokenizer: tokenizer)
    case .tokenClassification: try DataCollatorForTokenClassification(tokenizer: tokenizer)
    case .multipleChoice: try DataCollatorForMultipleChoice(tokenizer: tokenizer)
    case .maskedLM: try DataCollatorForLanguageModeling(tokenizer: tokenizer)
    case nil: try DataCollatorForSentencePairs(tokenizer: tokenizer)
    }
}
