import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// An encoder that scores each position as the first and as the last of an answer.
public final class QuestionAnswerer: PretrainedModel {
    public let state: ModelState
    /// The configuration, written back by `savePretrained`.
    public var config: ModelConfig
    public let encoder: any Encoder
    /// `questionAnswering`: the part of a text that answers a question.
    public let task: ModelTask = .questionAnswering
    let head: any TokenHead

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .questionAnswering, in: root)
        head = try encoder.spanHead(config, in: root)
        try Families.finish(config, state)
    }

    /// With `startPositions` and `endPositions` there is a loss: the mean of the two cross-entropies.
    ///
    /// In a padded batch, Python's loss counts padding among the positions that an answer could have. So does this one,
    /// and the states of padding are computed for it; packed batches know no padding, and their loss has none.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> QuestionAnsweringOutput {
        guard (inputs.startPositions == nil) == (inputs.endPositions == nil) else {
            throw ModelError(
                "\(inputs.startPositions == nil ? "end" : "start") positions alone",
                remedy: "Give the positions of both the first and the last token of each answer.", kind: .labels,
                at: ErrorLocation(option: inputs.startPositions == nil ? "start_positions" : "end_positions"))
        }
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: .allPositions)
        var scores = head(states.lastHiddenState)
        if let cumulativeLengths = inputs.cumulativeLengths { scores = Self.rows(scores, cumulativeLengths) }
        let (start, end) = (scores.select(2, 0), scores.select(2, 1))
        var output = QuestionAnsweringOutput(
            startLogits: start, endLogits: end, hiddenStates: states.hiddenStates, attentions: states.attentions)
        if let first = inputs.startPositions, let last = inputs.endPositions {
            output.optionalLoss =
                (try loss(start, first, inputs.cumulativeLengths) + loss(end, last, inputs.cumulativeLengths)) / 2
        }
        return output
    }

    /// Packed `[tokens, 2]` to `[batch, longest, 2]`.
    private static func rows(_ scores: Tensor, _ cumulativeLengths: [Int]) -> Tensor {
        let lengths = zip(cumulativeLengths, cumulativeLengths.dropFirst()).map { $1 - $0 }
        let longest = lengths.max() ?? 0
        let nothing = Tensor.full([1, 2], scores.dtype.lowest, dtype: scores.dtype, device: scores.device)
        let indices = zip(cumulativeLengths, lengths).flatMap { start, length in
            (0..<longest).map { $0 < length ? start + $0 : scores.shape[0] }
        }
        return Tensor.cat([scores, nothing], 0)
            .indexSelect(0, Tensor(indices, shape: [indices.count]).to(scores.device))
            .reshape([lengths.count, longest, 2])
    }

    /// Positions outside a sequence count for nothing.
    private func loss(_ logits: Tensor, _ positions: Tensor, _ cumulativeLengths: [Int]?) throws -> Tensor {
        let (rows, length) = (logits.shape[0], logits.shape[1])
        try ModelInputs.checkLabels(positions, of: [rows], "answer positions")
        let targets = positions.reshape([-1]).ints().enumerated().map { row, position in
            let end = cumulativeLengths.map { $0[row + 1] - $0[row] } ?? length
            return position < end ? max(position, 0) : length
        }
        return state.crossEntropy(logits, Tensor(targets, shape: [rows]).to(logits.device), ignoreIndex: length)
    }
}
