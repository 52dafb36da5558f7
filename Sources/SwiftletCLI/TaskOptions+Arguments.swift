import ArgumentParser
import Swiftlet
import SwiftletCommandLine

/// A task by the name that the Hub has for it.
struct TaskName: ExpressibleByArgument, CaseIterable {
    let task: ModelTask

    static var allCases: [TaskName] { ModelTask.trainable.map { TaskName(task: $0) } }

    init(task: ModelTask) { self.task = task }

    init?(argument: String) {
        guard let task = ModelTask(rawValue: argument), ModelTask.trainable.contains(task) else { return nil }
        self.task = task
    }

    var defaultValueDescription: String { task.rawValue }
    static var allValueStrings: [String] { ModelTask.trainable.map(\.rawValue) }
}

/// Options that belong to one task, under the names of Python's scripts.
struct TaskArguments: ParsableArguments {
    @Flag(help: "token-classification: label all tokens of a word, not only the first.") var labelAllTokens = false
    @Flag(
        help:
            "Pad all rows to --max-length, not to the longest of their batch; not for fill-mask and sentence-embeddings."
    )
    var padToMaxLength = false
    @Option(
        help:
            "question-answering: tokens that parts of a long context share. (default: 128, at most a third of --max-length)"
    )
    var docStride: Int?
    @Option(help: "question-answering: candidates to choose the answer from. (default: 20)") var nBestSize: Int?
    @Option(help: "question-answering: in tokens. (default: 30)") var maxAnswerLength: Int?
    @Option(help: "question-answering: 'no answer' must score this much above the best answer. (default: 0)")
    var nullScoreDiffThreshold: Double?
    @Flag(name: .customLong("version-2-with-negative"), help: "question-answering: questions may have no answer.")
    var mayHaveNoAnswer = false
    @Option(help: "fill-mask: the share of tokens to hide. (default: 0.15)") var mlmProbability: Double?
    @Flag(help: "fill-mask: hide all tokens of a word together.") var wholeWordMask = false

    func apply(to options: inout TaskOptions) {
        options.subtokens = labelAllTokens ? .all : .first
        options.padToMaxLength = padToMaxLength
        options.docStride = docStride
        if let nBestSize { options.nBestSize = nBestSize }
        if let maxAnswerLength { options.maxAnswerLength = maxAnswerLength }
        if let nullScoreDiffThreshold { options.nullScoreDiffThreshold = nullScoreDiffThreshold }
        options.mayHaveNoAnswer = mayHaveNoAnswer
        if let mlmProbability { options.mlmProbability = mlmProbability }
        options.wholeWordMask = wholeWordMask
    }

    /// Refuses options of other tasks, which would be ignored.
    func check(_ task: ModelTask, columns: ColumnOptions, labels: LabelOptions? = nil, metrics: MetricOptions? = nil)
        throws
    {
        let labelled: [ModelTask] = [.sequenceClassification, .tokenClassification, .multipleChoice]
        let given: [(name: String, isGiven: Bool, tasks: [ModelTask])] = [
            ("label-all-tokens", labelAllTokens, [.tokenClassification]),
            ("pad-to-max-length", padToMaxLength, labelled + [.questionAnswering]),
            ("doc-stride", docStride != nil, [.questionAnswering]),
            ("n-best-size", nBestSize != nil, [.questionAnswering]),
            ("max-answer-length", maxAnswerLength != nil, [.questionAnswering]),
            ("null-score-diff-threshold", nullScoreDiffThreshold != nil, [.questionAnswering]),
            ("version-2-with-negative", mayHaveNoAnswer, [.questionAnswering]),
            ("mlm-probability", mlmProbability != nil, [.maskedLM]),
            ("whole-word-mask", wholeWordMask, [.maskedLM]),
            ("metric", metrics?.metric.isEmpty == false, labelled),
            ("metric-args", metrics?.metricArgs != nil, labelled),
            ("problem-type", labels?.problemType != nil, [.sequenceClassification]),
            ("do-regression", labels?.doRegression == true, [.sequenceClassification]),
            ("label-names", labels?.labelNames.isEmpty == false, [.sequenceClassification, .tokenClassification]),
            ("max-classes", labels?.maxClasses != nil, [.sequenceClassification, .tokenClassification]),
            (
                "text-pair-column", columns.textPairColumn != nil,
                [.sequenceClassification, .questionAnswering, .sentenceEmbeddings, .multipleChoice]
            ),
            ("label-column", columns.labelColumn != nil, labelled + [.sentenceEmbeddings]),
        ]
        for option in given where option.isGiven && !option.tasks.contains(task) {
            throw UsageError(
                message: "error: option '--\(option.name)' makes no sense for \(task.rawValue); it is for "
                    + option.tasks.map(\.rawValue).joined(separator: ", "))
        }
    }
}
