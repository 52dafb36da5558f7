import SwiftletModels
import SwiftletTensor
import SwiftletTraining

/// Sequences as one batch of inputs, and the way back from outputs to sequences.
struct InferenceBatch {
    let inputs: ModelInputs
    private let sequences: [EncodedSequence]
    private let isPacked: Bool
    /// Packed: where each sequence begins. Padded: the same, of rows that are all as long as the longest.
    private let starts: [Int]

    /// - Parameter packs: lay the sequences one after another, without padding; else fill them up on the right.
    /// - Throws: `InferenceError` for a sequence without tokens, or with segments for some of its tokens only.
    init(_ sequences: [EncodedSequence], for task: ModelTask, packs: Bool) throws {
        guard !sequences.isEmpty, sequences.allSatisfy({ $0.count > 0 }) else {
            throw InferenceError(.badInput, "a text has no tokens", remedy: "Leave empty texts out.")
        }
        for sequence in sequences {
            if let count = sequence.example.tokenTypeIDs?.count, count != sequence.count {
                throw InferenceError(.badInput, "a sequence of \(sequence.count) tokens has \(count) token type ids")
            }
            if let place = sequence.positions?.first(where: { !(0..<sequence.count).contains($0) }) {
                throw InferenceError(.badInput, "position \(place) is outside a sequence of \(sequence.count) tokens")
            }
        }
        self.sequences = sequences
        isPacked = packs
        if packs {
            var starts = [0]
            for sequence in sequences { starts.append(starts[starts.count - 1] + sequence.count) }
            self.starts = starts
            inputs = Self.packed(sequences, starts)
        } else {
            let length = sequences.map(\.count).max() ?? 0
            starts = sequences.indices.map { $0 * length }
            inputs = Self.padded(sequences, length, choices: task == .multipleChoice)
        }
    }

    /// Segments of all tokens if some sequence has any. Those that have none are of segment 0, whatever they are
    /// batched with.
    private static func segments(_ sequences: [EncodedSequence]) -> [[Int32]]? {
        guard sequences.contains(where: { $0.example.tokenTypeIDs != nil }) else { return nil }
        return sequences.map { $0.example.tokenTypeIDs ?? [Int32](repeating: 0, count: $0.count) }
    }

    private static func packed(_ sequences: [EncodedSequence], _ starts: [Int]) -> ModelInputs {
        func tensor(_ rows: [[Int32]]) -> Tensor {
            Tensor(rows.flatMap { $0.lazy.map(Int64.init) }, shape: [starts[starts.count - 1]])
        }
        var inputs = ModelInputs(
            packedIDs: tensor(sequences.map(\.example.inputIDs)), sequenceStarts: starts,
            tokenTypeIDs: segments(sequences).map(tensor))
        // Each choice is scored as a sequence of its own.
        inputs.choiceCount = 1
        return inputs
    }

    private static func padded(_ sequences: [EncodedSequence], _ length: Int, choices: Bool) -> ModelInputs {
        let shape = choices ? [sequences.count, 1, length] : [sequences.count, length]
        func tensor(_ rows: [[Int32]]) -> Tensor {
            let values = rows.flatMap { row in row.map(Int64.init) + [Int64](repeating: 0, count: length - row.count) }
            return Tensor(values, shape: shape)
        }
        return ModelInputs(
            inputIDs: tensor(sequences.map(\.example.inputIDs)),
            attentionMask: tensor(sequences.map { [Int32](repeating: 1, count: $0.count) }),
            tokenTypeIDs: segments(sequences).map(tensor))
    }

    /// - Throws: `InferenceError` for a model whose outputs are neither for sequences nor for tokens.
    func outputs(of output: any ModelOutput) throws -> [SequenceOutput] {
        let arrays = try output.predictions.map { tensor in
            if output is QuestionAnsweringOutput {
                // A row for each sequence, packed or not, and a number for each of its places.
                return try tokenArrays(tensor, rowShape: tensor.shape.count == 2 ? [tensor.shape[1]] : nil)
            }
            if output is TokenClassifierOutput || output is MaskedLMOutput || output is BackboneOutput {
                return try tokenArrays(tensor, rowShape: nil)
            }
            return try sequenceArrays(tensor)
        }
        return sequences.indices.map { index in SequenceOutput(arrays: arrays.map { $0[index] }) }
    }

    /// - Parameter states: the encoder's last layer.
    func outputs(ofStates states: Tensor) throws -> [SequenceOutput] {
        try tokenArrays(states, rowShape: nil).map { SequenceOutput(arrays: [$0]) }
    }

    private func unexpected(_ tensor: Tensor) -> InferenceError {
        InferenceError(
            .wrongTask, "the model's output of shape \(tensor.shape) is not one for \(sequences.count) sequences")
    }

    /// An output with a row for each sequence.
    private func sequenceArrays(_ tensor: Tensor) throws -> [NumberArray] {
        guard tensor.shape.first == sequences.count else { throw unexpected(tensor) }
        let shape = Array(tensor.shape.dropFirst())
        let (values, width) = (tensor.to(.float32).floats(), shape.reduce(1, *))
        return sequences.indices.map { NumberArray(Array(values[$0 * width..<($0 + 1) * width]), shape: shape) }
    }

    /// An output with a row for each token. Only what was asked for is copied, without padding.
    ///
    /// - Parameter rowShape: of an output with a number for each place, how many places each sequence has.
    private func tokenArrays(_ tensor: Tensor, rowShape: [Int]?) throws -> [NumberArray] {
        let isFlat = isPacked && rowShape == nil
        let shape = rowShape == nil ? Array(tensor.shape.dropFirst(isFlat ? 1 : 2)) : []
        let length = isFlat ? 0 : tensor.shape.count > 1 ? tensor.shape[1] : 0
        let first = isFlat ? starts : sequences.indices.map { $0 * length }
        let count = isFlat ? tensor.shape.first : tensor.shape.first.map { $0 * length }
        let longest = sequences.map(\.count).max() ?? 0
        guard count == (isFlat ? starts[starts.count - 1] : sequences.count * length), isFlat || length >= longest
        else { throw unexpected(tensor) }
        let places = sequences.enumerated().map { index, sequence in
            (sequence.positions ?? Array(0..<sequence.count)).map { first[index] + $0 }
        }
        let width = shape.reduce(1, *)
        var rows = tensor.reshape([-1, width])
        let wanted = places.flatMap(\.self)
        if wanted.count != rows.shape[0] {
            rows = rows.indexSelect(0, Tensor(wanted, shape: [wanted.count]).to(rows.device))
        }
        let values = rows.to(.float32).floats()
        var start = 0
        return places.map { own in
            defer { start += own.count * width }
            return NumberArray(Array(values[start..<start + own.count * width]), shape: [own.count] + shape)
        }
    }
}
