internal import SwiftletIO

extension Dataset {
    /// The rows of all datasets, one after the other. Columns that are only in some of them are missing in the rows of
    /// the others, as in Python; the order is that of the first dataset, with new columns after it. Datasets without rows
    /// don't count, unless none has any.
    ///
    /// - Throws: `DatasetError` that names the column where two datasets give it different types.
    public static func concatenate(_ datasets: [Dataset]) throws -> Dataset {
        guard let start = datasets.first else {
            throw DatasetError(
                "there is nothing to concatenate", remedy: "Give at least one dataset.", kind: .invalidArgument,
                at: ErrorLocation(option: "dsets"))
        }
        let datasets = datasets.filter { $0.count > 0 }
        guard let first = datasets.first else { return start }
        var features = first.features
        for dataset in datasets.dropFirst() {
            for (name, feature) in dataset.features {
                let before = features[name] ?? feature
                guard let aligned = before.aligned(with: feature) else {
                    throw DatasetError(
                        "column '\(name)' holds \(before) in one dataset and \(feature) in another",
                        remedy: "Cast the column to one type first.",
                        kind: .columnMismatch, at: ErrorLocation(column: name))
                }
                features[name] = aligned
            }
        }
        let provenance = Provenance.joining("concatenate", datasets.map(\.provenance))
        let stored = try ArrowTable.concatenate(datasets.map { try $0.storage(as: features) })
        var indices: RowIndices?
        if datasets.contains(where: { $0.indices != nil }) {
            // The positions of each dataset, moved behind the rows of those before it.
            var positions: [Int] = []
            var offset = 0
            for dataset in datasets {
                positions += dataset.indices?.rows.map { $0 + offset } ?? Array(offset..<offset + dataset.stored.rows)
                offset += dataset.stored.rows
            }
            indices = try RowIndices(positions)
        }
        var result = Dataset(unchecked: stored, features, indices: indices, provenance)
        if datasets.allSatisfy({ $0.format == first.format }) { result = result.formatted(as: first) }
        return result
    }

    /// The stored rows, chosen or not, with the columns of these features.
    private func storage(as wanted: Features) throws -> ArrowTable {
        let isWhole = wanted.names.areSame(as: columnNames)
        // A column without any value takes on the others' type when tables are put together.
        if isWhole, zip(features.types, wanted.types).allSatisfy({ $0 == $1 || $0 == .value("null") }) { return stored }
        return try Dataset(unchecked: stored, features, Provenance(fingerprint: .unique())).converted(to: wanted).stored
    }

    /// The columns of all datasets side by side. They have the same number of rows, and no column twice.
    public static func concatenateColumns(_ datasets: [Dataset]) throws -> Dataset {
        guard let first = datasets.first else {
            throw DatasetError(
                "there is nothing to concatenate", remedy: "Give at least one dataset.", kind: .invalidArgument,
                at: ErrorLocation(option: "dsets"))
        }
        var features = first.features
        var stored = try first.table()
        for dataset in datasets.dropFirst() {
            guard dataset.count == first.count else {
                throw DatasetError(
                    "a dataset of \(dataset.count) rows can't stand beside one of \(first.count)",
                    remedy: "Give datasets of the same number of rows.", kind: .columnMismatch,
                    at: ErrorLocation(option: "dsets"))
            }
            for (name, feature) in dataset.features {
                guard features[name] == nil else {
                    throw DatasetError(
                        "column '\(name)' is in two of the datasets", remedy: "Remove or rename it in one of them.",
                        kind: .columnMismatch, at: ErrorLocation(column: name))
                }
                features[name] = feature
            }
            stored = try stored.beside(try dataset.table())
        }
        return Dataset(unchecked: stored, features, .joining("concatenate_columns", datasets.map(\.provenance)))
    }

    /// When `interleave` is done.
    public enum Stopping: String, Sendable {
        /// As soon as one dataset has no more rows.
        case firstExhausted = "first_exhausted"
        /// When every row of every dataset has come at least once; datasets that are done begin again.
        case allExhausted = "all_exhausted"
        /// When every row of every dataset has come once.
        case allExhaustedWithoutReplacement = "all_exhausted_without_replacement"
    }

    /// Rows of several datasets in turn, or drawn at random with the given probabilities, as Python's for the same
    /// seed.
    public static func interleave(
        _ datasets: [Dataset], probabilities: [Double]? = nil, seed: UInt64? = nil, stopping: Stopping = .firstExhausted
    ) throws -> Dataset {
        let all = try concatenate(datasets)
        let lengths = datasets.map(\.count)
        var offsets = [0]
        for length in lengths { offsets.append(offsets[offsets.count - 1] + length) }
        var rows: [Int] = []
        if let probabilities {
            let used = seed ?? .random(in: 0 ... .max)
            rows = try drawn(lengths, offsets, probabilities, used, stopping)
        } else {
            let least = lengths.min() ?? 0
            let most = lengths.max() ?? 0
            guard least > 0 || stopping == .firstExhausted || most == 0 else {
                throw DatasetError(
                    "an empty dataset can't be interleaved", remedy: "Leave it out.", kind: .invalidArgument,
                    at: ErrorLocation(option: "datasets"))
            }
            for row in 0..<(stopping == .firstExhausted ? least : most) {
                for (index, length) in lengths.enumerated() {
                    switch stopping {
                    case .allExhaustedWithoutReplacement where row >= length: continue
                    default: rows.append(offsets[index] + row % max(length, 1))
                    }
                }
            }
        }
        return try all.select(rows)
    }

    private static func drawn(
        _ lengths: [Int], _ offsets: [Int], _ probabilities: [Double], _ seed: UInt64, _ stopping: Stopping
    ) throws -> [Int] {
        let sum = probabilities.reduce(0, +)
        guard probabilities.count == lengths.count, probabilities.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-8 else {
            throw DatasetError(
                "the probabilities \(probabilities) are not one for each of the \(lengths.count) datasets that sum to 1",
                remedy: "Give as many as there are datasets, none negative.", kind: .invalidArgument,
                at: ErrorLocation(option: "probabilities"))
        }
        let drawable = probabilities.map { $0 > 0 }
        for index in lengths.indices {
            guard lengths[index] > 0 || !drawable[index] else {
                throw DatasetError(
                    "dataset \(index) is empty and can't be drawn from", remedy: "Leave it out.",
                    kind: .invalidArgument, at: ErrorLocation(option: "datasets"))
            }
            guard drawable[index] || stopping == .firstExhausted || stopping != .allExhausted && lengths[index] == 0
            else {
                throw DatasetError(
                    "dataset \(index) has probability 0 and never comes to its end", remedy: "Leave it out.",
                    kind: .invalidArgument, at: ErrorLocation(option: "probabilities"))
            }
        }
        var generator = PCG64(seed: seed)
        let limits = PCG64.limits(probabilities)
        var taken = Array(repeating: 0, count: lengths.count)
        var left = drawable.indices.filter { drawable[$0] }.count
        var rows: [Int] = []
        while true {
            let source = generator.choice(limits)
            let isDone = taken[source] >= lengths[source]
            if !(isDone && stopping == .allExhaustedWithoutReplacement) {
                rows.append(offsets[source] + taken[source] % lengths[source])
            }
            taken[source] += 1
            if taken[source] == lengths[source] {
                left -= 1
                if left == 0 || stopping == .firstExhausted { return rows }
            }
        }
    }
}
