import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// BERT with dropout and a linear layer on the pooled first token.
public final class BertForSequenceClassification: SequenceClassificationModel {
    public let state: ModelState
    public var config: ModelConfig
    public let bert: BertModel
    let dropout: Dropout
    public let classifier: Linear
    private var loss: ClassificationLoss

    public static let baseModelPrefix = "bert"
    public static let architecture = "BertForSequenceClassification"

    public init(_ config: ModelConfig, state: ModelState) throws {
        let bertConfig = try BertConfig(config)
        self.config = config
        self.state = state
        let scope = Scope(state, initializerRange: bertConfig.initializerRange)
        bert = BertModel(bertConfig, in: scope / "bert")
        dropout = Dropout(bertConfig.classifierDropout, in: scope)
        classifier = Linear(bertConfig.hiddenSize, bertConfig.labelCount, in: scope / "classifier")
        loss = ClassificationLoss(problemType: bertConfig.problemType, labelCount: bertConfig.labelCount)
    }

    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool = false
    ) throws -> SequenceClassifierOutput {
        let (hiddenStates, pooled) = try bert(inputs, outputHiddenStates: outputHiddenStates)
        let logits = classifier(dropout(pooled))
        var output = SequenceClassifierOutput(logits: logits, hiddenStates: hiddenStates)
        if let labels = inputs.labels {
            output.loss = try loss(logits, labels)
            if let type = loss.problemType { config.json["problem_type"] = .string(type.rawValue) }
        }
        return output
    }
}
