/// What a model is for, under the names that model hubs and pipelines have for it.
public enum ModelTask: String, Sendable, CaseIterable {
    /// The states of an encoder, without a head.
    case featureExtraction = "feature-extraction"
    /// Labels of texts and of pairs of texts, or a number for each.
    case sequenceClassification = "text-classification"
    /// A label for each token.
    case tokenClassification = "token-classification"
    /// The part of a text that answers a question.
    case questionAnswering = "question-answering"
    /// The right one of several texts.
    case multipleChoice = "multiple-choice"
    /// The tokens that stood where masks are.
    case maskedLM = "fill-mask"
    /// One vector for each text, near to those of texts that mean the same.
    case sentenceEmbeddings = "sentence-embeddings"

    /// How the names of the Python library's classes for the task end, such as `ForSequenceClassification`; `Model` for
    /// encoders without a head, of which sentence embeddings are made too.
    public var classSuffix: String {
        switch self {
        case .featureExtraction, .sentenceEmbeddings: "Model"
        case .sequenceClassification: "ForSequenceClassification"
        case .tokenClassification: "ForTokenClassification"
        case .questionAnswering: "ForQuestionAnswering"
        case .multipleChoice: "ForMultipleChoice"
        case .maskedLM: "ForMaskedLM"
        }
    }

    /// Whether models for the task have a head beside their encoder.
    public var hasHead: Bool { classSuffix != "Model" }
}
