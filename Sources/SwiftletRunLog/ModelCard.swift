public import SwiftletIO

/// The README.md of a trained model: metadata for a model hub, results, hyperparameters and the log of the training,
/// in the structure of the cards that `transformers.Trainer` writes.
public struct ModelCard: Sendable {
    /// A dataset that the model was trained or evaluated on.
    public struct Dataset: Sendable {
        /// Its name on the hub, such as `nyu-mll/glue`.
        public var tag: String
        /// What people call it; the tag by default.
        public var name: String
        /// Its configuration, such as `mrpc`.
        public var config: String?
        /// The split that the results are of.
        public var split: String?
        /// What was asked for when it was loaded, in most cases the config.
        public var args: String?

        /// - Parameters:
        ///   - tag: its name on the hub.
        ///   - name: what people call it; the tag by default.
        ///   - config: its configuration.
        ///   - split: the split that the results are of.
        ///   - args: what was asked for when it was loaded.
        public init(
            _ tag: String, name: String? = nil, config: String? = nil, split: String? = nil, args: String? = nil
        ) {
            self.tag = tag
            self.name = name ?? tag
            self.config = config
            self.split = split
            self.args = args
        }
    }

    /// The card's title.
    public var modelName: String
    /// The library that loads the saved model: its files are those of `transformers`.
    public var libraryName = "transformers"
    /// Language codes, such as `ko`.
    public var languages: [String] = []
    /// A licence's identifier on the hub, such as `apache-2.0`.
    public var license: String?
    /// The hub's name of the model that was fine-tuned; `nil` for one that the hub does not have.
    public var baseModel: String?
    /// The name of a model that was fine-tuned and is not on the hub.
    public var localBaseModel: String?
    /// Words that a model hub finds the model by.
    public var tags = ["generated_from_trainer"]
    /// The hub's names of what the model does.
    public var tasks = ["text-classification"]
    /// What the model was trained and evaluated on.
    public var datasets: [Dataset] = []
    /// The labels of the model in the order of their ids; empty for models without.
    public var labels: [Label] = []
    /// Names and values in the order of the card; `nil` if they are not known.
    public var hyperparameters: JSONObject?
    /// Libraries and their versions.
    public var versions: [(name: String, version: String)] = []
    /// Markdown of the section "Model description", by what the run knows; `nil` leaves a note that information is
    /// missing, as Python's cards have it.
    public var modelDescription: String?
    /// Markdown of the section "Intended uses & limitations"; `nil` leaves a note that information is missing.
    public var intendedUses: String?
    /// Markdown of the section "Training and evaluation data"; `nil` leaves a note that information is missing.
    public var trainingData: String?
    private let log: TrainingLog

    /// - Parameter logHistory: the run's `log_history`, from which the results and the table are taken.
    public init(modelName: String, logHistory: [JSONObject]) {
        self.modelName = modelName
        log = TrainingLog(logHistory)
    }

    /// The last evaluation, as the card shows it.
    public var results: JSONObject? { log.results }

    /// By this a later run knows that nobody has made the card their own.
    private static let mark = "<!-- This card was written by a training run of Swiftlet"

    /// Writes `README.md` into a folder. A card that somebody has gone over, which is to say that its first comment
    /// is gone, stays as it is.
    ///
    /// - Returns: whether it was written.
    @discardableResult
    public func write(to folder: String) throws(FileError) -> Bool {
        let path = FileSystem.join(folder, "README.md")
        if FileSystem.exists(path), try !MappedFile.text(path).contains(Self.mark) { return false }
        try AtomicFile.write(text, to: path)
        return true
    }

    /// The whole card.
    public var text: String {
        let missing = "More information needed\n"
        var card = "---\n\(YAMLText.document(metadata))---\n\n"
        card += "\(Self.mark), from what the run knows.\n"
        card += "Please complete it, and remove this comment: a card without it is not overwritten. -->\n\n"
        card += "# \(modelName.inMarkdown)\n\n\(origin)\n"
        if let results {
            card += "It achieves the following results on the evaluation set:\n"
            card += results.map { "- \($0.inMarkdown): \($1.cardText)" }.joined(separator: "\n") + "\n"
        }
        for (heading, text) in [
            ("Model description", modelDescription), ("Intended uses & limitations", intendedUses),
            ("Training and evaluation data", trainingData),
        ] {
            card += "\n## \(heading)\n\n\(text.map { "\($0)\n" } ?? missing)"
        }
        if !labels.isEmpty { card += "\n### Labels\n\n\(labelTable)" }
        card += "\n## Training procedure\n\n### Training hyperparameters\n\n"
        if let hyperparameters {
            card += "The following hyperparameters were used during training:\n"
            card += hyperparameters.map { "- \($0): \($1.pythonText)" }.joined(separator: "\n") + "\n"
        } else {
            card += missing
        }
        if let rows = log.rows { card += "\n### Training results\n\n\(TrainingLog.table(rows))\n" }
        card += "\n### Framework versions\n\n"
        return card + versions.map { "- \($0.name.inMarkdown) \($0.version.inMarkdown)\n" }.joined()
    }

    private var origin: String {
        let start =
            baseModel.map {
                "This model is a fine-tuned version of [\($0.inMarkdown)](https://huggingface.co/\($0.inPath)) on "
            }
            ?? localBaseModel.map { "This model is a fine-tuned version of \($0.inMarkdown) on " }
            ?? "This model was trained from scratch on "
        let names = datasets.map { "the \($0.name.inMarkdown)" }
        return switch names.count {
        case 0: start + "an unknown dataset."
        case 1: start + "\(names[0]) dataset."
        default: start + "\(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1]) datasets."
        }
    }
}
