import SwiftletIO
public import SwiftletModels

extension ModelTask {
    /// The task of this name for some rows. This is the one place that lists the tasks of the package.
    ///
    /// - Throws: `TaskError` for rows that don't make the task, naming column and row.
    public func make(_ context: TaskContext) throws -> any FineTuningTask {
        switch self {
        case .sequenceClassification: try TextClassificationTask(context)
        case .tokenClassification: try TokenClassificationTask(context)
        case .questionAnswering: try QuestionAnsweringTask(context)
        case .multipleChoice: try MultipleChoiceTask(context)
        case .maskedLM: try FillMaskTask(context)
        case .sentenceEmbeddings: try SentenceEmbeddingsTask(context)
        case .featureExtraction:
            throw TaskError(.option, "an encoder's states are no task to train for", remedy: "Name another task.")
        }
    }

    /// The tasks that a model can be trained for.
    public static var trainable: [ModelTask] { allCases.filter { $0 != .featureExtraction } }

    /// The task that a saved model was trained for: by its class's name in `config.json`, or by the files that say how to
    /// make vectors of sentences.
    ///
    /// - Throws: `TaskError` for an encoder alone; `ModelError` or `FileError` for a folder that is no model's.
    public init(ofModel folder: String) throws {
        let config = try AutoConfig.fromPretrained(folder)
        guard let task = Self.ofHead(config) ?? Self.ofFiles(folder, config) else {
            let name = config.architectures.first ?? "model without a head"
            throw TaskError(
                .model, "'\(folder)' holds a \(name), which is for no task yet",
                remedy: "Train it first, with FineTuning or 'swiftlet train --task ... --model \(folder)'.")
        }
        self = task
    }

    /// The task of the head that a configuration names.
    static func ofHead(_ config: ModelConfig) -> ModelTask? {
        allCases.first { task in task.hasHead && config.architectures.contains { $0.hasSuffix(task.classSuffix) } }
    }

    private static func ofFiles(_ folder: String, _ config: ModelConfig) -> ModelTask? {
        if FileSystem.exists(FileSystem.join(folder, "modules.json")) { return .sentenceEmbeddings }
        // Configurations without the key are of models for classification that were saved long ago.
        return config.architectures.isEmpty ? .sequenceClassification : nil
    }
}

extension ModelConfig {
    /// The names of the classes that the Python library loads the weights with.
    var architectures: [String] { json["architectures"]?.array?.compactMap(\.string) ?? [] }
}
