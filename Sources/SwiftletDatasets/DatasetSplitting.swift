internal import SwiftletIO

extension Dataset {
    /// A random part for testing and the rest for training, the same as Python's for the same seed.
    ///
    /// - Parameters:
    ///   - testSize: a fraction below 1, or a number of rows.
    ///   - trainSize: the same; `nil` takes all rows that are left.
    ///   - shuffle: `false` takes the first rows for training and the next ones for testing.
    ///   - column: a column of class labels whose shares both parts keep.
    public func trainTestSplit(
        testSize: Double? = nil, trainSize: Double? = nil, shuffle: Bool = true, seed: UInt64? = nil,
        stratifyBy column: String? = nil
    ) throws -> DatasetDict {
        let (train, test) = try sizes(testSize ?? (trainSize == nil ? 0.25 : nil), trainSize)
        let used = seed ?? .random(in: 0 ... .max)
        func part(_ name: String, _ rows: [Int]) throws -> Dataset {
            let (count, shuffled) = ("\(train) \(test)", "\(shuffle) \(used) \(column ?? "")")
            return try choosing(
                "Split", provenance.adding("train_test_split") { [name, count, shuffled] },
                isKept: shuffle && seed == nil ? false : nil
            ) { rows }
        }
        guard shuffle else {
            guard column == nil else {
                throw DatasetError(
                    "rows in order can't be stratified", remedy: "Leave out shuffle: false, or stratifyBy.",
                    kind: .invalidArgument, at: ErrorLocation(option: "stratify_by_column"))
            }
            return DatasetDict([
                ("train", try select(0..<train)), ("test", try select(train..<train + test)),
            ])
        }
        var generator = PCG64(seed: used)
        if let column {
            let (trainRows, testRows) = try stratified(by: column, train, test, &generator)
            return DatasetDict([("train", try part("train", trainRows)), ("test", try part("test", testRows))])
        }
        let order = generator.permutation(count)
        return DatasetDict([
            ("train", try part("train", Array(order[test..<test + train]))),
            ("test", try part("test", Array(order[..<test]))),
        ])
    }

    private func sizes(_ test: Double?, _ train: Double?) throws -> (train: Int, test: Int) {
        for (name, size) in [("testSize", test), ("trainSize", train)] {
            guard let size else { continue }
            guard size > 0, size.isFinite, size < 1 || size < Double(count) else {
                throw DatasetError(
                    "\(name) is \(size), the dataset has \(count) rows",
                    remedy: "Give a fraction between 0 and 1, or a number of rows below \(count).",
                    kind: .invalidArgument, at: ErrorLocation(option: name == "testSize" ? "test_size" : "train_size"))
            }
        }
        // Rounded so that the parts never overlap.
        var testRows = test.map { $0 < 1 ? Int(($0 * Double(count)).rounded(.up)) : Int($0) }
        let trainRows =
            train.map { $0 < 1 ? Int(($0 * Double(count)).rounded(.down)) : Int($0) } ?? count - (testRows ?? 0)
        if testRows == nil { testRows = count - trainRows }
        let (rows, rest) = (trainRows, testRows ?? 0)
        guard rows + rest <= count else {
            throw DatasetError(
                "testSize and trainSize take \(rows + rest) rows, the dataset has \(count)",
                remedy: "Take smaller parts.", kind: .invalidArgument, at: ErrorLocation(option: "test_size"))
        }
        guard rows > 0 else {
            throw DatasetError(
                "with \(count) rows and testSize \(test ?? 0) nothing is left for training",
                remedy: "Take a smaller testSize, or more rows.", kind: .invalidArgument,
                at: ErrorLocation(option: "test_size"))
        }
        return (rows, rest)
    }

    /// As Python's, which is scikit-learn's: shares of the classes first, then a permutation within each.
    private func stratified(
        by column: String, _ train: Int, _ test: Int, _ generator: inout PCG64
    ) throws -> (train: [Int], test: [Int]) {
        guard case .classLabel = features.types[try index(of: column)] else {
            throw DatasetError.wrongType(column, features[column]!, wanted: "class labels, which stratifying needs")
        }
        let labels = try self.column(column).ints()
        let byClass = Dictionary(grouping: labels.indices) { labels[$0] }
        let classes = byClass.keys.sorted()
        let rows = classes.map { byClass[$0]! }
        if let few = rows.firstIndex(where: { $0.count < 2 }) {
            throw DatasetError(
                "class \(classes[few]) of column '\(column)' has only one row",
                remedy: "Every class needs at least two rows to be in both parts.", kind: .invalidArgument,
                at: ErrorLocation(column: column))
        }
        for (name, size) in [("training", train), ("testing", test)] where size < classes.count {
            throw DatasetError(
                "\(size) rows for \(name) can't hold \(classes.count) classes", remedy: "Make the part larger.",
                kind: .invalidArgument, at: ErrorLocation(option: name == "testSize" ? "test_size" : "train_size"))
        }
        let inTrain = generator.approximateMode(rows.map(\.count), draws: train)
        let left = zip(rows, inTrain).map { $0.count - $1 }
        let inTest = generator.approximateMode(left, draws: test)
        var (trainRows, testRows): ([Int], [Int]) = ([], [])
        for (index, rows) in rows.enumerated() {
            let order = generator.permutation(rows.count).map { rows[$0] }
            trainRows += order[..<inTrain[index]]
            testRows += order[inTrain[index]..<inTrain[index] + inTest[index]]
        }
        let trainOrder = generator.permutation(trainRows.count)
        let testOrder = generator.permutation(testRows.count)
        return (trainOrder.map { trainRows[$0] }, testOrder.map { testRows[$0] })
    }
}
