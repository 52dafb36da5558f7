public import SwiftletMetrics
public import SwiftletModels

/// What a user may say about a task. What is left out follows from the rows and the model.
public struct TaskOptions: Sendable {
    // MARK: Columns

    /// Column with the text; by default one with a usual name, or the only column of texts.
    public var textColumn: String?
    /// Column with the second text of a pair.
    public var textPairColumn: String?
    /// Column with the label; by default one with a usual name.
    public var labelColumn: String?
    /// Longest sequence in tokens, special ones included. By default what the model was trained with, else the limit of
    /// tokenizer and model.
    public var maxLength: Int?
    /// Whether all rows are padded to `maxLength`, and not to the longest of their batch; for text and token
    /// classification, multiple choice and question answering.
    public var padToMaxLength = false

    // MARK: Labels

    /// Names of the labels in the order of their ids; by default those that the rows have, sorted.
    public var labelNames: [String]?
    /// Whether each row has one class, any number of them, or a number to predict; by default what the column looks like.
    public var problemType: ProblemType?
    /// The most classes that a label column may have. By default 1000, and not nearly as many as there are rows.
    public var maxClasses: Int?
    /// Draw parameters of the head anew whose shape in the checkpoint differs.
    public var ignoreMismatchedSizes = false

    // MARK: Metrics

    /// Names of metrics, such as `accuracy`, `glue/mrpc` or `f1/macro`; by default what fits the rows.
    public var metrics: [String] = []
    /// Options for the metrics that take them.
    public var metricOptions: [MetricOption] = []
    /// The name of the dataset and its config, by which GLUE's own metrics are found.
    public var datasetName: String?
    /// The dataset's configuration, such as `mrpc`.
    public var datasetConfig: String?

    // MARK: Token classification

    /// Which tokens of a word carry its label.
    public var subtokens = SubtokenLabels.first

    // MARK: Question answering

    /// Tokens that parts of a long context share; by default 128, at most a third of the sequence.
    public var docStride: Int?
    /// Candidates to choose the answer from.
    public var nBestSize = 20
    /// Longest answer in tokens.
    public var maxAnswerLength = 30
    /// "No answer" must score this much above the best answer.
    public var nullScoreDiffThreshold = 0.0
    /// Whether questions may have no answer, as in SQuAD 2.
    public var mayHaveNoAnswer = false

    // MARK: Fill-mask

    /// The share of tokens to hide.
    public var mlmProbability = 0.15
    /// Hide all tokens of a word together.
    public var wholeWordMask = false

    /// Everything is found in the rows and in the model.
    public init() {}
}
