import SwiftletTensor

extension BertModel {
    /// - Throws: `ModelError` for inputs that would read outside the model's tables.
    func check(_ inputs: ModelInputs) throws {
        let lengths = try inputs.sequenceStarts.map { try checkPacked(inputs, $0) } ?? checkPadded(inputs)
        guard lengths <= config.maximumPositions else {
            throw ModelError(
                "a sequence of \(lengths) tokens is longer than the model's \(config.maximumPositions) positions",
                remedy: "Tokenize with truncation: true.")
        }
        for (name, tensor, limit) in [
            ("input id", inputs.inputIDs, config.vocabularySize),
            ("token type id", inputs.tokenTypeIDs, config.typeVocabularySize),
            ("position id", inputs.positionIDs, config.maximumPositions),
        ] {
            guard let tensor else { continue }
            let (least, most) = (Int((-((-tensor).max())).item()), Int(tensor.max().item()))
            guard least >= 0, most < limit else {
                throw ModelError(
                    "\(name) \(least < 0 ? least : most) is outside the model's 0 to \(limit - 1)",
                    remedy: "Is this tokenizer the model's own?")
            }
        }
    }

    /// - Returns: the number of positions in use.
    private func checkPadded(_ inputs: ModelInputs) throws -> Int {
        let shape = inputs.inputIDs.shape
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw ModelError("input ids of shape \(shape); the model takes [batch, sequence], neither of them 0")
        }
        return shape[1]
    }

    private func checkPacked(_ inputs: ModelInputs, _ starts: [Int]) throws -> Int {
        let shape = inputs.inputIDs.shape
        let lengths = zip(starts, starts.dropFirst()).map { $1 - $0 }
        guard shape.count == 1, starts.first == 0, starts.last == shape[0], let longest = lengths.max(),
            lengths.allSatisfy({ $0 > 0 })
        else {
            throw ModelError(
                "packed input ids of shape \(shape) with sequences that start at \(starts.prefix(8))",
                remedy: "Give [tokens], and starts that rise from 0 to the number of tokens.")
        }
        for (name, tensor) in [("token type ids", inputs.tokenTypeIDs), ("position ids", inputs.positionIDs)] {
            guard let tensor, tensor.shape != shape else { continue }
            throw ModelError("packed \(name) of shape \(tensor.shape) for input ids of shape \(shape)")
        }
        guard inputs.attentionMask == nil else {
            throw ModelError(
                "packed input ids with an attention mask", remedy: "Leave masked tokens out when packing.")
        }
        return longest
    }
}
