extension Dataset {
    /// The rows at these positions, in this order; a row may come several times, a negative number counts from the end.
    public func select(_ rows: some Sequence<Int>) throws -> Dataset {
        let positions = try rows.map { row in
            let position = row < 0 ? row + count : row
            guard position >= 0, position < count else { throw DatasetError.noRow(row, of: count) }
            return position
        }
        if let first = positions.first, positions.indices.allSatisfy({ positions[$0] == first + $0 }) {
            return Dataset(unchecked: try table.slice(first..<first + positions.count), features)
        }
        return Dataset(unchecked: try table.take(positions), features)
    }

    /// Some rows, sharing memory.
    public func select(_ rows: Range<Int>) throws -> Dataset { try batch(rows).dataset }

    /// The rows for which `isIncluded` holds.
    public func filter(_ isIncluded: (Row) throws -> Bool) throws -> Dataset {
        try select((0..<count).filter { try isIncluded(try row($0)) })
    }

    /// The rows in an order that is the same as Python's for the same seed; a new order each time without one.
    public func shuffle(seed: UInt64? = nil) throws -> Dataset {
        var generator = PCG64(seed: seed ?? .random(in: 0 ... .max))
        return try select(generator.permutation(count))
    }

    /// The rows in the order of a column, missing values last. Equal rows keep their order.
    public func sort(by column: String, descending: Bool = false) throws -> Dataset {
        let index = try index(of: column)
        return Dataset(
            unchecked: try table.take(try table.sortedRows(by: index, descending: descending)), features)
    }

    /// A random part for testing and the rest for training, the same as Python's for the same seed.
    ///
    /// - Parameter testSize: a fraction below 1, or a number of rows.
    public func trainTestSplit(testSize: Double = 0.25, seed: UInt64? = nil) throws -> DatasetDict {
        guard testSize > 0, testSize.isFinite else {
            throw DatasetError("testSize is \(testSize)", remedy: "Give a fraction between 0 and 1, or a number of rows.")
        }
        let fraction = testSize < 1
        guard fraction || testSize < Double(count) else {
            throw DatasetError(
                "testSize is \(Int(clamping: Int64(min(testSize, 1e18)))), the dataset has \(count) rows",
                remedy: "Leave at least one row for training.")
        }
        let test = fraction ? Int((testSize * Double(count)).rounded(.up)) : Int(testSize)
        let train = fraction ? Int(((1 - testSize) * Double(count)).rounded(.down)) : count - test
        guard train > 0 else {
            throw DatasetError(
                "with \(count) rows and testSize \(testSize) nothing is left for training",
                remedy: "Take a smaller testSize, or more rows.")
        }
        var generator = PCG64(seed: seed ?? .random(in: 0 ... .max))
        let order = generator.permutation(count)
        return DatasetDict([
            ("train", try select(order[test..<min(count, test + train)])), ("test", try select(order[..<test])),
        ])
    }

    /// The rows of all datasets, one after the other. Columns and types must agree.
    public static func concatenate(_ datasets: [Dataset]) throws -> Dataset {
        guard let first = datasets.first else {
            throw DatasetError("there is nothing to concatenate", remedy: "Give at least one dataset.")
        }
        var features = first.features
        for dataset in datasets.dropFirst() {
            guard dataset.columnNames == first.columnNames else {
                throw DatasetError(
                    "the columns \(DatasetError.listed(dataset.columnNames)) can't go below \(DatasetError.listed(first.columnNames))",
                    remedy: "Rename, reorder or remove columns so that they agree.")
            }
            for (name, feature) in dataset.features {
                guard let joined = ArrowBuilding.join(features[name]!, feature),
                    joined == feature || feature == .value("null")
                        || joined != features[name] && features[name] == .value("null")
                else {
                    throw DatasetError(
                        "column '\(name)' holds \(features[name]!) in one dataset and \(feature) in another",
                        remedy: "Cast the column to one type first.")
                }
                features[name] = joined
            }
        }
        return Dataset(unchecked: try ArrowTable.concatenate(datasets.map(\.table)), features)
    }

    /// Parts of one split, whose types were told from each part alone: integers beside floating point become that,
    /// and the columns get one order.
    static func widened(_ parts: [Dataset]) throws -> [Dataset] {
        guard let first = parts.first else { return parts }
        return try parts.map { part in
            var part = Set(part.columnNames) == Set(first.columnNames) ? try part.selectColumns(first.columnNames) : part
            for (name, feature) in part.features where feature == .value("int64") {
                if parts.contains(where: { $0.features[name] == .value("float64") }) {
                    part = try part.castColumn(name, to: .value("float64"))
                }
            }
            return part
        }
    }
}
