import SwiftletTensor

/// The sizes of a model's tables, which inputs must not lead out of.
struct InputLimits: Sendable {
    var vocabularySize: Int
    /// `nil` where the model knows no segments and leaves them unread.
    var typeVocabularySize: Int?
    /// Longest sequence.
    var maximumLength: Int
    /// Rows of the position table.
    var positionCount: Int

    /// - Throws: `ModelError` for inputs that would read outside the model's tables.
    func check(_ inputs: ModelInputs) throws {
        let length = try inputs.sequenceStarts.map { try Self.checkPacked(inputs, $0) } ?? Self.checkPadded(inputs)
        guard length <= maximumLength || inputs.positionIDs != nil else {
            throw ModelError(
                "a sequence of \(length) tokens is longer than the model's \(maximumLength) positions",
                remedy: "Tokenize with truncation: true.")
        }
        for (name, tensor, limit) in [
            ("input id", inputs.inputIDs, vocabularySize),
            ("token type id", inputs.tokenTypeIDs, typeVocabularySize),
            ("position id", inputs.positionIDs, positionCount),
        ] as [(String, Tensor?, Int?)] {
            guard let tensor, let limit else { continue }
            let (least, most) = (Int(tensor.min().item()), Int(tensor.max().item()))
            guard least >= 0, most < limit else {
                throw ModelError(
                    "\(name) \(least < 0 ? least : most) is outside the model's 0 to \(limit - 1)",
                    remedy: "Is this tokenizer the model's own?")
            }
        }
    }

    /// - Returns: the longest sequence's length.
    private static func checkPadded(_ inputs: ModelInputs) throws -> Int {
        let shape = inputs.inputIDs.shape
        guard shape.count == 2, shape[0] > 0, shape[1] > 0 else {
            throw ModelError("input ids of shape \(shape); the model takes [batch, sequence], neither of them 0")
        }
        for (name, tensor) in [
            ("an attention mask", inputs.attentionMask), ("token type ids", inputs.tokenTypeIDs),
            ("position ids", inputs.positionIDs),
        ] {
            guard let tensor, tensor.shape != shape else { continue }
            throw ModelError("\(name) of shape \(tensor.shape) for input ids of shape \(shape)")
        }
        return shape[1]
    }

    private static func checkPacked(_ inputs: ModelInputs, _ starts: [Int]) throws -> Int {
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
