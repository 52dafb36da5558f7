import Swiftlet

// A training that takes milliseconds: a BERT of two layers on rows of made-up ids.

/// Rows of ids that the tiny BERT takes, of 3 to 7 tokens.
func tinyDataset(rows: Int) throws -> Dataset {
    let ids = (0..<rows).map { row -> [Int32] in
        (0..<3 + row % 5).map { position -> Int32 in
            let step: Int = row * 7 + position * 3
            return Int32(5 + step % 90)
        }
    }
    return try .fromColumns([("input_ids", .intLists(ids)), ("label", .ints((0..<rows).map { $0 % 2 }))])
}

struct TinyCollator: DataCollator {
    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
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

/// The rows of a batch: the first ids of 90 neighbours tell them apart.
func rowNumbers(_ inputs: ModelInputs) -> [Int] {
    let (ids, width) = (inputs.inputIDs.ints(), inputs.inputIDs.shape[1])
    return stride(from: 0, to: ids.count, by: width).map { start in
        (0..<90).first { 5 + $0 * 7 % 90 == ids[start] } ?? -1
    }
}
