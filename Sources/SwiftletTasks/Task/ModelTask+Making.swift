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

    /// What the model of a folder was trained for: by its class's name in `config.json`, and by `modules.json`.
    ///
    /// A folder with `modules.json` is for sentence embeddings also where its encoder was saved with the head that it was
    /// pretrained with. An encoder alone, without `modules.json`, is for them too.
    ///
    /// - Throws: `InferenceError` of kind `wrongTask` where the files don't say it; `ModelError` or `FileError` for files
    ///   that can't be read.
    public init(ofModel folder: String) throws {
        let modules = FileSystem.join(folder, "modules.json")
        let hasModules = FileSystem.exists(modules)
        if hasModules, !FileSystem.exists(FileSystem.join(folder, "config.json")) {
            self = .sentenceEmbeddings
            return
        }
        let config = try AutoConfig.fromPretrained(folder: folder)
        let names = config.architectures
        let task = Self.allCases.first { task in names.contains { $0.hasSuffix(task.classSuffix) } }
        switch task {
        case .sequenceClassification, .tokenClassification, .questionAnswering, .multipleChoice:
            self = task ?? .maskedLM
        case _ where hasModules: self = .sentenceEmbeddings
        case .maskedLM: self = .maskedLM
        case .featureExtraction, .sentenceEmbeddings: self = .sentenceEmbeddings
        // Configurations without the key are of models for classification that were saved long ago.
        case nil where names.isEmpty: self = .sequenceClassification
        case nil:
            throw InferenceError(
                .wrongTask,
                "'\(config.path)' doesn't say what the model is for: "
                    + (names.isEmpty
                        ? "it has no 'architectures'" : "'architectures' is \(names.joined(separator: ", "))"),
                remedy: "Name the task, as in pipeline(.textClassification, model: ...).")
        }
    }

    /// The task of the head that a configuration names.
    static func ofHead(_ config: ModelConfig) -> ModelTask? {
        allCases.first { task in task.hasHead && config.architectures.contains { $0.hasSuffix(task.classSuffix) } }
    }
}

extension ModelConfig {
    /// The names of the classes that the Python library loads the weights with.
    var architectures: [String] { json["architectures"]?.array?.compactMap(\.string) ?? [] }
}
