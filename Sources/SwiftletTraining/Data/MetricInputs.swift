import SwiftletIO
package import SwiftletMetrics
package import SwiftletModels

extension Metric {
    /// Takes in what a head answers for a batch, in the form that the metric takes: classes by the largest logit, several
    /// labels by the sign of theirs, probabilities by softmax or sigmoid, numbers as they are.
    ///
    /// - Parameters:
    ///   - logits: `[rows, outputs]`.
    ///   - labels: of each row.
    ///   - problem: what the head was trained for; by default what the labels look like.
    /// - Throws: `TrainingError` for labels that no such metric is about; `MetricError`.
    package func addBatch(logits: NumberArray, labels: [Label], problem: ProblemType? = nil) throws {
        switch labels.first {
        case nil: return
        case .id:
            let ids = labels.map { if case .id(let id) = $0 { id } else { -1 } }
            if takes == .probabilities {
                try add(probabilities: Self.probabilities(logits), ids)
            } else {
                try addBatch(predictions: logits.argmax(), references: ids)
            }
        case .value:
            try addBatch(predictions: logits.values.map(Double.init), references: labels.flatMap(\.numbers))
        case .values where problem == .regression:
            try addBatch(
                predictions: labels.indices.map { logits[row: $0].map(Double.init) }, references: labels.map(\.numbers))
        case .values, .ids:
            let flags = try labels.map { try $0.flags }
            if takes == .probabilities {
                try addBatch(
                    predictions: labels.indices.map { logits[row: $0].map { sigmoid(Double($0)) } },
                    references: flags)
            } else {
                try addBatch(
                    predictions: labels.indices.map { logits[row: $0].map { $0 > 0 ? 1 : 0 } }, references: flags)
            }
        case .span:
            throw TrainingError(
                "the metric '\(name)' takes no answers of questions",
                remedy: "Search the answers in computeMetrics, and score them with answerScores(...).", kind: .metrics)
        }
    }

    /// Takes in what a head answers for tokens, of those that have a label.
    ///
    /// - Parameters:
    ///   - tokenLogits: `[rows, tokens, labels]`.
    ///   - labels: `[rows, tokens]`, -100 for tokens that don't count.
    package func addBatch(tokenLogits: NumberArray, labels: [Int]) throws {
        let counted = labels.indices.filter { labels[$0] != -100 }
        guard takes == .probabilities else {
            let best = tokenLogits.argmax()
            return try addBatch(predictions: counted.map { best[$0] }, references: counted.map { labels[$0] })
        }
        let width = tokenLogits.shape.last ?? 1
        let values = counted.flatMap { tokenLogits.values[$0 * width..<($0 + 1) * width] }
        try add(
            probabilities: Self.probabilities(NumberArray(values, shape: [counted.count, width])),
            counted.map { labels[$0] })
    }

    /// Of two classes, the second one's probability says all.
    private func add(probabilities: [[Double]], _ ids: [Int]) throws {
        if probabilities.first?.count == 2 {
            try addBatch(predictions: probabilities.map { $0[1] }, references: ids)
        } else {
            try addBatch(predictions: probabilities, references: ids)
        }
    }

    /// The softmax of each row.
    private static func probabilities(_ logits: NumberArray) -> [[Double]] {
        (0..<(logits.shape.first ?? 0)).map { row in
            softmax(logits[row: row].map(Double.init))
        }
    }
}

extension Label {
    /// 0 or 1 for each of several labels.
    fileprivate var flags: [Int] {
        get throws {
            try numbers.map { number in
                guard let flag = Int(exactly: number) else {
                    throw TrainingError(
                        "a label is \(number), and the metrics of several labels take 0 and 1", kind: .metrics)
                }
                return flag
            }
        }
    }
}
