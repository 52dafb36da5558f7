public import SwiftletModels
import SwiftletTensor
public import SwiftletTokenizers

/// Makes one batch of tensors from rows.
public protocol DataCollator {
    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs
}

/// Pads each batch to its longest row, as `transformers.DataCollatorWithPadding` does.
public struct DataCollatorWithPadding: DataCollator {
    public let padTokenID: Int32
    public let padTokenTypeID: Int32
    /// Rounds the length up to a multiple of this.
    public let padToMultipleOf: Int?
    private let padsLeft: Bool

    /// - Throws: `TrainingError` if the tokenizer has no padding token.
    public init(tokenizer: Tokenizer, padToMultipleOf: Int? = nil) throws {
        guard let id = tokenizer.padTokenID else {
            throw TrainingError("the tokenizer has no padding token", remedy: "Set pad_token in tokenizer_config.json.")
        }
        padTokenID = Int32(id)
        padTokenTypeID = Int32(tokenizer.padTokenTypeID)
        self.padToMultipleOf = padToMultipleOf
        padsLeft = tokenizer.paddingSide == .left
    }

    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        guard let longest = examples.map(\.inputIDs.count).max(), longest > 0 else {
            throw TrainingError("a batch without tokens can't be padded")
        }
        let multiple = padToMultipleOf ?? 1
        let length = (longest + multiple - 1) / multiple * multiple

        func padded(_ rows: [[Int32]], with filler: Int32) -> Tensor {
            var values = [Int64](repeating: Int64(filler), count: rows.count * length)
            for (row, items) in rows.enumerated() {
                let start = row * length + (padsLeft ? length - items.count : 0)
                for (offset, item) in items.enumerated() { values[start + offset] = Int64(item) }
            }
            return Tensor(values, shape: [rows.count, length])
        }
        let masks = examples.map { $0.attentionMask ?? [Int32](repeating: 1, count: $0.inputIDs.count) }
        let types = examples.compactMap(\.tokenTypeIDs)
        for (example, mask) in zip(examples, masks)
        where mask.count != example.inputIDs.count
            || example.tokenTypeIDs.map({ $0.count != example.inputIDs.count }) == true
        {
            throw TrainingError("a row's attention_mask or token_type_ids is not as long as its input_ids")
        }
        return ModelInputs(
            inputIDs: padded(examples.map(\.inputIDs), with: padTokenID),
            attentionMask: padded(masks, with: 0),
            tokenTypeIDs: types.count == examples.count ? padded(types, with: padTokenTypeID) : nil,
            labels: try Self.labels(examples))
    }

    /// Classes become int64 `[batch]`; numbers float32 `[batch]`; several labels float32 `[batch, labels]`.
    private static func labels(_ examples: [TokenizedExample]) throws -> Tensor? {
        let labels = examples.compactMap(\.label)
        guard labels.count == examples.count, let first = labels.first else { return nil }
        switch first {
        case .id:
            return Tensor(try labels.map { label -> Int64 in
                guard case .id(let id) = label else { throw mixed }
                return Int64(id)
            }, shape: [labels.count])
        case .value:
            return Tensor(try labels.map { label -> Float in
                guard case .value(let value) = label else { throw mixed }
                return Float(value)
            }, shape: [labels.count])
        case .values(let values):
            let rows = try labels.map { label -> [Float] in
                guard case .values(let row) = label, row.count == values.count else { throw mixed }
                return row.map(Float.init)
            }
            return Tensor(rows.flatMap(\.self), shape: [labels.count, values.count])
        }
    }

    private static var mixed: TrainingError { TrainingError("the labels of one batch have different types or lengths") }
}
