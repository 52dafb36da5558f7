import SwiftletIO
import SwiftletNN
import SwiftletTensor

/// One vector of a sequence, as the `summary_...` fields of the configuration want it, and a score: the head of multiple
/// choice.
struct ElectraSummaryHead: SequenceHead {
    private enum SummaryType: String {
        case first, last, mean
        /// Without an index, which no one gives, this is the last position.
        case index = "cls_index"
    }

    private let type: SummaryType
    private let projection: Linear?
    private let activation: Activation?
    private let firstDropout: Dropout
    private let lastDropout: Dropout
    private let classifier: Linear

    init(_ config: ModelConfig, width: Int, in scope: Scope) throws {
        let type = try config.string("summary_type", default: "first")
        guard let summaryType = SummaryType(rawValue: type) else {
            throw ModelError(
                "'summary_type' in '\(config.path)' is '\(type)', which is not implemented",
                remedy: "Known are first, last, mean and cls_index.", kind: .unsupported,
                at: config.location("summary_type"))
        }
        guard try !config.bool("summary_proj_to_labels", default: false) else {
            throw ModelError(
                "'summary_proj_to_labels' in '\(config.path)' is not implemented",
                remedy: "Take another checkpoint: this one can't be computed as it was trained.", kind: .unsupported,
                at: config.location("summary_proj_to_labels"))
        }
        self.type = summaryType
        let summary = scope / "sequence_summary" / "summary"
        projection = try config.bool("summary_use_proj", default: true) ? Linear(width, width, in: summary) : nil
        let isBlank = config.json["summary_activation"].map { $0.isNull || $0.string == "" } ?? false
        activation = isBlank ? nil : try config.activation("summary_activation", default: .gelu)
        firstDropout = Dropout(try config.probability("summary_first_dropout", default: 0), in: scope)
        lastDropout = Dropout(try config.probability("summary_last_dropout", default: 0.1), in: scope)
        classifier = Linear(width, 1, in: scope / "classifier")
    }

    /// In a padded batch, the last position and the mean over positions are those of Python, padding included.
    var needs: EncoderNeeds { type == .first ? .firstTokens : .allPositions }

    func callAsFunction(_ output: EncoderOutput, _ inputs: ModelInputs) -> Tensor {
        var x =
            switch type {
            case .first: output.firstTokens
            case .last, .index: output.lastPositions
            case .mean: output.meanOfPositions
            }
        x = firstDropout(x)
        if let projection { x = projection(x) }
        if let activation { x = activation(x) }
        return classifier(lastDropout(x))
    }
}
