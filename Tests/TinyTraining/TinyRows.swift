public import SwiftletDatasets
public import SwiftletModels
import SwiftletTensor
public import SwiftletTraining

// A training that takes milliseconds: rows of made-up ids for a BERT of two layers.

/// Rows of ids that the tiny BERT takes, of 3 to 7 tokens. `Tools/reference/training_rows.py` has the same.
public func tinyDataset(rows: Int, label: (Int) -> Int = { $0 % 2 }) throws -> Dataset {
    let ids: [[Int32]] = (0..<rows).map { row in
        let length = 3 + row % 5
        return (0..<length).map { position in Int32(5 + (row * 7 + position * 3) % 90) }
    }
    return try .fromColumns([
        ("input_ids", .intLists(ids)),
        ("sentence", .strings((0..<rows).map { "row \($0)" })),
        ("label", .ints((0..<rows).map(label))),
    ])
}

/// The rows of a batch of them, in order: the first ids of 90 neighbours tell them apart.
public func rowNumbers(_ inputs: ModelInputs) -> [Int] {
    let (ids, width) = (inputs.inputIDs.ints(), inputs.inputIDs.shape[1])
    return stride(from: 0, to: ids.count, by: width).map { start in
        (0..<90).first { 5 + $0 * 7 % 90 == ids[start] } ?? -1
    }
}

/// Pads with zeros to the longest row.
public struct TinyCollator: DataCollator {
    public init() {}

    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        let length = examples.map(\.inputIDs.count).max() ?? 0
        func rows(_ values: (TokenizedExample) -> [Int32]) -> Tensor {
            Tensor(
                examples.flatMap { example in
                    values(example).map(Int64.init) + [Int64](repeating: 0, count: length - example.inputIDs.count)
                }, shape: [examples.count, length])
        }
        let labels = examples.compactMap { if case .id(let id)? = $0.label { Int64(id) } else { nil } }
        return ModelInputs(
            inputIDs: rows(\.inputIDs), attentionMask: rows { $0.inputIDs.map { _ in 1 } },
            labels: labels.isEmpty ? nil : Tensor(labels, shape: [labels.count]))
    }
}
