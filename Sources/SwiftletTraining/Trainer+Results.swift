import Logging
import SwiftletIO
import SwiftletModels
public import SwiftletRunLog
import SwiftletTensor
import SwiftletTokenizers

extension Trainer {
    /// Writes the model and the tokenizer to `output_dir`, or to another folder, as `save_pretrained` does. Here and below, of several
    /// processes only the main process writes.
    public func saveModel(_ folder: String? = nil) throws {
        guard accelerator.isMainProcess else { return }
        let folder = folder ?? args.outputDir
        try FileSystem.createDirectory(folder)
        try model.savePretrained(folder)
        try tokenizer?.save(to: folder)
    }

    /// Writes `trainer_state.json`.
    public func saveState() throws {
        guard accelerator.isMainProcess else { return }
        try AtomicFile.write(
            state.json.text(.config) + "\n", to: FileSystem.join(args.outputDir, "trainer_state.json"))
    }

    /// Writes `<split>_results.json` and adds the same to `all_results.json`.
    public func saveMetrics(_ split: String, _ metrics: [(name: String, value: Double)]) throws {
        guard accelerator.isMainProcess else { return }
        let values = JSONObject(metrics.map { ($0.name, .double($0.value)) })
        try AtomicFile.write(
            JSONValue.object(values).text(.results) + "\n",
            to: FileSystem.join(args.outputDir, "\(split)_results.json"))
        let allPath = FileSystem.join(args.outputDir, "all_results.json")
        var all = FileSystem.exists(allPath) ? try JSONValue(contentsOf: allPath).object ?? [:] : [:]
        for (key, value) in values { all[key] = value }
        try AtomicFile.write(JSONValue.object(all).text(.results) + "\n", to: allPath)
    }

    /// Writes the model card `README.md` and the curves `loss.svg` of what was logged so far.
    ///
    /// - Parameters:
    ///   - baseModel: the checkpoint the training began with: an id, or a path, of which the card has the last part.
    ///   - labels: of the model, with how often they come.
    ///   - completing: may add to the card what the Trainer does not know.
    public func saveReports(
        baseModel: String? = nil, datasets: [ModelCard.Dataset] = [], labels: [ModelCard.Label] = [],
        completing: (inout ModelCard) throws -> Void = { _ in }
    ) throws {
        guard accelerator.isMainProcess else { return }
        var card = ModelCard(
            modelName: FileSystem.name(of: args.outputDir), logHistory: state.logHistory)
        if let baseModel {
            if FileSystem.exists(baseModel) {
                card.localBaseModel = FileSystem.name(of: baseModel)
            } else {
                card.baseModel = baseModel
            }
        }
        card.datasets = datasets
        card.labels = labels
        card.tasks = [model.task == .sentenceEmbeddings ? "sentence-similarity" : model.task.rawValue]
        card.hyperparameters = args.json.object.map(ModelCard.hyperparameters(of:))
        card.versions = [("Swiftlet", swiftletVersion), ("libtorch", torchVersion)]
        try completing(&card)
        if try !card.write(to: args.outputDir) {
            logger.info("README.md has been edited and stays as it is")
        }
        try LossPlot(logHistory: state.logHistory).write(to: args.outputDir)
    }

    /// Checks, before hours of training, that `output_dir` can be written to and that no other training writes to it. From
    /// here on the folder is this Trainer's, until it goes away.
    ///
    /// - Throws: `FileError`; `TrainingError` that names the process and the machine of the other training.
    public func checkOutputDirectory() throws {
        guard accelerator.isMainProcess else { return }
        try FileSystem.createDirectory(args.outputDir)
        outputLock = try outputLock ?? OutputFolderLock(args.outputDir, logger)
        let probe = FileSystem.join(args.outputDir, ".write-test")
        try AtomicFile.write("", to: probe)
        try FileSystem.remove(probe)
    }
}
