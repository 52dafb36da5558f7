import ArgumentParser
import Swiftlet
import SwiftletIO

/// What a model is trained for, by the names of the Hub.
enum TaskName: String, CaseIterable, ExpressibleByArgument {
    case textClassification = "text-classification"
    case tokenClassification = "token-classification"
    case questionAnswering = "question-answering"
    case multipleChoice = "multiple-choice"
    case fillMask = "fill-mask"
    case sentenceEmbeddings = "sentence-embeddings"

    /// The task that a saved model was trained for: by its class's name in `config.json`.
    ///
    /// - Throws: `TrainingError` for an encoder alone, unless its folder says how to pool.
    init(ofModel folder: String) throws {
        let config = try AutoConfig.fromPretrained(folder: folder)
        let names = config.json["architectures"]?.array?.compactMap(\.string) ?? []
        switch ModelTask.allCases.first(where: { task in task.hasHead && names.contains { $0.hasSuffix(task.classSuffix) } }) {
        case .sequenceClassification: self = .textClassification
        case .tokenClassification: self = .tokenClassification
        case .questionAnswering: self = .questionAnswering
        case .multipleChoice: self = .multipleChoice
        case .maskedLM: self = .fillMask
        // Configurations without the key are of models for classification that were saved long ago.
        case nil where names.isEmpty: self = .textClassification
        case _ where FileSystem.exists(FileSystem.join(folder, "modules.json")): self = .sentenceEmbeddings
        case .featureExtraction, .sentenceEmbeddings, nil:
            throw TrainingError(
                "'\(folder)' holds a \(names[0]), which no task is known for",
                remedy: "Train it first: swiftlet train --task ... --model \(folder).")
        }
    }
}

/// Options that belong to one task, under the names of Python's scripts.
struct TaskOptions: ParsableArguments {
    @Flag(help: "token-classification: label all tokens of a word, not only the first.") var labelAllTokens = false
    @Option(help: "question-answering: tokens that parts of a long context share. (default: 128, at most a third of --max-length)")
    var docStride: Int?
    @Option(help: "question-answering: candidates to choose the answer from. (default: 20)") var nBestSize: Int?
    @Option(help: "question-answering: in tokens. (default: 30)") var maxAnswerLength: Int?
    @Option(help: "question-answering: 'no answer' must score this much above the best answer. (default: 0)")
    var nullScoreDiffThreshold: Double?
    @Flag(name: .customLong("version-2-with-negative"), help: "question-answering: questions may have no answer.")
    var mayHaveNoAnswer = false
    @Option(help: "fill-mask: the share of tokens to hide. (default: 0.15)") var mlmProbability: Double?
    @Flag(help: "fill-mask: hide all tokens of a word together.") var wholeWordMask = false

    /// Refuses options of other tasks, which would be ignored.
    func check(_ task: TaskName, data: DatasetOptions, metric: String? = nil) throws {
        let given: [(name: String, isGiven: Bool, tasks: [TaskName])] = [
            ("label-all-tokens", labelAllTokens, [.tokenClassification]),
            ("doc-stride", docStride != nil, [.questionAnswering]),
            ("n-best-size", nBestSize != nil, [.questionAnswering]),
            ("max-answer-length", maxAnswerLength != nil, [.questionAnswering]),
            ("null-score-diff-threshold", nullScoreDiffThreshold != nil, [.questionAnswering]),
            ("version-2-with-negative", mayHaveNoAnswer, [.questionAnswering]),
            ("mlm-probability", mlmProbability != nil, [.fillMask]),
            ("whole-word-mask", wholeWordMask, [.fillMask]),
            ("metric", metric != nil, [.textClassification, .tokenClassification, .multipleChoice]),
            ("text-pair-column", data.textPairColumn != nil, [.textClassification, .questionAnswering, .sentenceEmbeddings]),
            (
                "label-column", data.labelColumn != "label",
                [.textClassification, .tokenClassification, .multipleChoice, .sentenceEmbeddings]
            ),
        ]
        for option in given where option.isGiven && !option.tasks.contains(task) {
            throw UsageError(
                message: "error: option '--\(option.name)' makes no sense for \(task.rawValue); it is for "
                    + option.tasks.map(\.rawValue).joined(separator: ", "))
        }
    }
}
