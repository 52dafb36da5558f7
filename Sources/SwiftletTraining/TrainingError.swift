public import SwiftletIO

/// A run that can't begin, go on, or come to its end.
public struct TrainingError: SwiftletError {
    /// What went wrong, for a caller that acts on it.
    public enum Kind: Sendable, Equatable {
        /// The run was asked to stop, by `Trainer.stop` or a signal, and has saved everything in the checkpoint named.
        case interrupted(checkpoint: String)
        /// An argument, or a combination of some, that makes no sense; `location.option` names it where it is one.
        case invalidArgument
        /// Rows that can't be trained on or evaluated; `location` names row and column where they are known.
        case invalidData
        /// Something that needs labels, and a dataset or batch without them.
        case noLabels
        /// A checkpoint that is not there, damaged, or of another run.
        case checkpoint
        /// Metrics that fail, or that don't fit what is evaluated.
        case metrics
        /// Something that is not implemented.
        case unsupported
    }

    /// What went wrong, to switch over.
    public var kind: Kind
    public var message: String
    public var remedy: String?
    public var commandLineRemedy: String?
    public var location: ErrorLocation
    /// What evaluations give, such as `eval_loss`, where a metric was asked for that they don't.
    public internal(set) var metricChoices: [String] = []

    /// - Parameters:
    ///   - message: one sentence that names the culprit.
    ///   - remedy: what a caller in Swift can do.
    ///   - commandLine: what a user of the command line can do; by default the same.
    public init(
        _ message: String, remedy: String? = nil, commandLine: String? = nil, kind: Kind = .invalidArgument,
        at location: ErrorLocation = ErrorLocation()
    ) {
        self.kind = kind
        self.message = message
        self.remedy = remedy
        self.commandLineRemedy = commandLine ?? remedy
        self.location = location
    }

    /// An error of something that was called for the run, with what was being done before its message. Its remedies
    /// stay.
    init(_ circumstance: String, _ error: any Error, remedy: String? = nil, kind: Kind) {
        guard let error = error as? any SwiftletError else {
            self.init("\(circumstance): \(error)", remedy: remedy, kind: kind)
            return
        }
        self.init(
            "\(circumstance): \(error.message)", remedy: error.remedy ?? remedy,
            commandLine: error.commandLineRemedy ?? remedy, kind: kind, at: error.location)
    }

    /// float16 without a GPU.
    static func noGPU(_ option: String, _ reason: String) -> TrainingError {
        TrainingError(
            "\(option) needs a GPU, and \(reason)", remedy: "Use bf16, which CPUs have too.",
            commandLine: "Give --bf16 instead, which CPUs have too.", kind: .invalidArgument,
            at: ErrorLocation(option: option))
    }

    /// The error of one row, with the row's number.
    func inRow(_ row: Int) -> TrainingError {
        var error = self
        error.message = "row \(row): \(message)"
        error.kind = .invalidData
        error.location.row = row
        return error
    }
}
