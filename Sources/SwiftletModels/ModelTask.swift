/// What a model with a head is trained for.
public enum ModelTask: String, Sendable, CaseIterable {
    case sequenceClassification = "ForSequenceClassification"
    case tokenClassification = "ForTokenClassification"
    case questionAnswering = "ForQuestionAnswering"
    case multipleChoice = "ForMultipleChoice"
    case maskedLM = "ForMaskedLM"
}
