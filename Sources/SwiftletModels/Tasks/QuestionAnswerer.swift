public import SwiftletNN
import SwiftletTensor

/// An encoder that scores each place as the first and as the last of an answer.
public final class QuestionAnswerer: PretrainedModel {
    public let state: ModelState
    public var config: ModelConfig
    public let encoder: any Encoder
    public let task: ModelTask = .questionAnswering
    let head: any TokenHead

    /// A model with no values yet: `state.initializeMissing()` draws them.
    public init(_ config: ModelConfig, state: ModelState) throws {
        let root = try Families.root(config, state)
        self.config = config
        self.state = state
        encoder = try Families.encoder(config, for: .questionAnswering, in: root)
        head = try encoder.spanHead(config, in: root)
    }

    /// With `startPositions` and `endPositions` there is a loss: the mean of the two cross-entropies.
    ///
    /// In a padded batch, Python's loss counts padding among the places that an answer could have. So does this one,
    /// and the states of padding are computed for it; packed batches know no padding, and their loss has none.
    public func callAsFunction(
        _ inputs: ModelInputs, outputHiddenStates: Bool
    ) throws -> QuestionAnsweringOutput {
        let states = try encoder(inputs, outputHiddenStates: outputHiddenStates, needs: .allPlaces)
        var scores = head(states.lastHiddenState)
        if let starts = inputs.sequenceStarts { scores = Self.rows(scores, starts) }
        let (start, end) = (scores.select(2, 0), scores.select(2, 1))
        var output = QuestionAnsweringOutput(startLogits: start, endLogits: end, hiddenStates: states.hiddenStates)
        if let first = inputs.startPositions, let last = inputs.endPositions {
            output.loss =
                (try loss(start, first, inputs.sequenceStarts) + loss(end, last, inputs.sequenceStarts)) / 2
        }
        return output
    }

    /// Packed `[tokens, 2]` to `[batch, longest, 2]`.
    private static func rows(_ scores: Tensor, _ starts: [Int]) -> Tensor {
        let lengths = zip(starts, starts.dropFirst()).map { $1 - $0 }
        let longest = lengths.max() ?? 0
        let nothing = Tensor.full([1, 2], Double(-Float.greatestFiniteMagnitude), dtype: scores.dtype, device: scores.device)
        let places = zip(starts, lengths).flatMap { start, length in
            (0..<longest).map { $0 < length ? start + $0 : scores.shape[0] }
        }
        return Tensor.cat([scores, nothing], 0)
            .indexSelect(0, Tensor(places, shape: [places.count]).to(scores.device))
            .reshape([lengths.count, longest, 2])
    }

    /// Positions outside a sequence count for nothing.
    private func loss(_ logits: Tensor, _ positions: Tensor, _ starts: [Int]?) throws -> Tensor {
        let (rows, length) = (logits.shape[0], logits.shape[1])
        guard positions.count == rows else {
            throw ModelError("\(positions.count) answer positions for \(rows) sequences", remedy: "Give one each.")
        }
        let targets = positions.reshape([-1]).ints().enumerated().map { row, position in
            let end = starts.map { $0[row + 1] - $0[row] } ?? length
            return position < end ? max(position, 0) : length
        }
        return state.crossEntropy(logits, Tensor(targets, shape: [rows]).to(logits.device), ignoreIndex: length)
    }
}
