import SwiftletModels
import SwiftletTensor
import SwiftletTraining

/// Sequences as one batch of inputs, and the way back from outputs to sequences.
struct InferenceBatch {
    let inputs: ModelInputs
    private let sequences: [EncodedSequence]
    private let isPacked: Bool

    /// - Parameter packs: lay the sequences one after another, without padding; else fill them up on the right.
    /// - Throws: `InferenceError` for a sequence without tokens.
    init(_ sequences: [EncodedSequence], packs: Bool) throws {
        guard !sequences.isEmpty, sequences.allSatisfy({ $0.count > 0 }) else {
            throw InferenceError(.badInput, "a text has no tokens", remedy: "Leave empty texts out.")
        }
        self.sequences = sequences
        isPacked = packs
        inputs = packs ? Self.packed(sequences) : Self.padded(sequences)
    }

    // As in padded batches of the collators, segments count where all rows have them.
    private static func segments(_ sequences: [EncodedSequence]) -> [[Int32]]? {
        let types = sequences.compactMap { sequence in
            sequence.example.tokenTypeIDs.flatMap { $0.count == sequence.count ? $0 : nil }
        }
        return types.count == sequences.count ? types : nil
    }

    private static func packed(_ sequences: [EncodedSequence]) -> ModelInputs {
        let ids = sequences.flatMap { $0.example.inputIDs.lazy.map(Int64.init) }
        var starts = [0]
        for sequence in sequences { starts.append(starts[starts.count - 1] + sequence.count) }
        var inputs = ModelInputs(
            packedIDs: Tensor(ids, shape: [ids.count]), sequenceStarts: starts,
            tokenTypeIDs: segments(sequences).map { types in
                Tensor(types.flatMap { $0.lazy.map(Int64.init) }, shape: [ids.count])
            })
        // Each choice is scored as a sequence of its own.
        inputs.choiceCount = 1
        return inputs
    }

    private static func padded(_ sequences: [EncodedSequence]) -> ModelInputs {
        let length = sequences.map(\.count).max() ?? 0
        func tensor(_ rows: [[Int32]]) -> Tensor {
            let values = rows.flatMap { row in row.map(Int64.init) + [Int64](repeating: 0, count: length - row.count) }
            return Tensor(values, shape: [rows.count, length])
        }
        return ModelInputs(
            inputIDs: tensor(sequences.map(\.example.inputIDs)),
            attentionMask: tensor(sequences.map { [Int32](repeating: 1, count: $0.count) }),
            tokenTypeIDs: segments(sequences).map(tensor))
    }

    /// - Throws: `InferenceError` for a model whose outputs are neither for sequences nor for tokens.
    func outputs(of output: any ModelOutput, model: any PretrainedModel) throws -> [SequenceOutput] {
        let tensors = output.predictions.map { $0.to(.float32) }
        var starts = [0]
        for sequence in sequences { starts.append(starts[starts.count - 1] + sequence.count) }
        // Tokens of packed outputs lie in one row after another; all others have a row for each sequence.
        let ofTokens = isPacked && (output is TokenClassifierOutput || output is MaskedLMOutput || output is BackboneOutput)
        let arrays = try tensors.map { tensor in
            guard let count = tensor.shape.first, count == (ofTokens ? starts[starts.count - 1] : sequences.count) else {
                throw InferenceError(
                    .wrongTask, "the model's output of shape \(tensor.shape) is not one for \(sequences.count) sequences")
            }
            return try sequences.indices.map { index in
                let own = ofTokens
                    ? tensor.narrow(0, starts[index], sequences[index].count) : tensor.select(0, index)
                return try array(own, sequences[index], isOfTokens: ofTokens || isOfTokens(output))
            }
        }
        return sequences.indices.map { index in SequenceOutput(arrays: arrays.map { $0[index] }) }
    }

    private func isOfTokens(_ output: any ModelOutput) -> Bool {
        output is TokenClassifierOutput || output is MaskedLMOutput || output is BackboneOutput
            || output is QuestionAnsweringOutput
    }

    /// A sequence's own part of an output, without padding.
    private func array(_ tensor: Tensor, _ sequence: EncodedSequence, isOfTokens: Bool) throws -> NumberArray {
        var tensor = tensor
        if isOfTokens, tensor.shape[0] > sequence.count { tensor = tensor.narrow(0, 0, sequence.count) }
        if isOfTokens, let positions = sequence.positions {
            guard positions.allSatisfy({ (0..<sequence.count).contains($0) }) else {
                throw InferenceError(.badInput, "a position is outside a sequence of \(sequence.count) tokens")
            }
            tensor = tensor.indexSelect(0, Tensor(positions, shape: [positions.count]).to(tensor.device))
        }
        return NumberArray(tensor.floats(), shape: tensor.shape)
    }
}
