/// The areas under a class's curves for draws of rows. The rows are sorted once; of a draw only how often it has each row
/// counts, so that it takes no longer than looking at every row.
struct DrawnAreas {
    private let isPositive: [Bool]
    /// Rows from the highest score to the lowest.
    private let order: [Int]
    /// Whether the next row in order has a lower score.
    private let endsStep: [Bool]

    /// - Parameters:
    ///   - isPositive: whether each row is of the class.
    ///   - scores: how much the model says so; must be finite.
    init(isPositive: [Bool], scores: [Double]) {
        self.isPositive = isPositive
        let order = scores.indices.sorted { scores[$0] == scores[$1] ? $0 < $1 : scores[$0] > scores[$1] }
        self.order = order
        endsStep = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] != scores[order[$0]] }
    }

    /// Both areas as `ThresholdCurves` has them of the drawn rows: the first is NaN where one of both classes is not drawn,
    /// the second 0 where no drawn row is positive.
    ///
    /// - Parameter counts: how often each row is drawn.
    func areas(_ counts: [Int]) -> (rocAUC: Double, averagePrecision: Double) {
        var (positives, negatives) = (0, 0)
        for row in isPositive.indices {
            if isPositive[row] { positives += counts[row] } else { negatives += counts[row] }
        }
        // The first area by whole numbers: pairs of a positive and a negative row, those of equal scores by half.
        var (found, alarms, foundBefore, alarmsBefore) = (0, 0, 0, 0)
        var (doubledPairs, precisions) = (0, 0.0)
        for place in order.indices {
            let row = order[place]
            if isPositive[row] { found += counts[row] } else { alarms += counts[row] }
            guard endsStep[place] else { continue }
            doubledPairs += (alarms - alarmsBefore) * (found + foundBefore)
            if found > foundBefore {
                precisions += Double(found - foundBefore) * Double(found) / Double(found + alarms)
            }
            (foundBefore, alarmsBefore) = (found, alarms)
        }
        return (
            positives == 0 || negatives == 0
                ? .nan : Double(doubledPairs) / (2 * Double(positives) * Double(negatives)),
            positives == 0 ? 0 : precisions / Double(positives)
        )
    }
}

/// Spearman's correlation for draws of rows, with both columns sorted once.
struct DrawnRanks {
    private let orders: [[Int]]
    private let endsTie: [[Bool]]

    /// - Parameters:
    ///   - labels: the true numbers.
    ///   - predictions: as many.
    init(_ labels: [Double], _ predictions: [Double]) {
        let orders = [labels, predictions].map { values in values.indices.sorted { values[$0] < values[$1] } }
        self.orders = orders
        endsTie = zip([labels, predictions], orders).map { values, order in
            order.indices.map { $0 + 1 == order.count || values[order[$0 + 1]] != values[order[$0]] }
        }
    }

    /// NaN where the drawn labels or predictions don't vary.
    ///
    /// - Parameter counts: how often each row is drawn.
    func correlation(_ counts: [Int]) -> Double {
        let ranks = zip(orders, endsTie).map { order, endsTie -> [Double] in
            var ranks = [Double](repeating: 0, count: order.count)
            var (start, below, drawn) = (0, 0, 0)
            for place in order.indices {
                drawn += counts[order[place]]
                guard endsTie[place] else { continue }
                let rank = Double(below + drawn + 1) / 2
                for tied in start...place { ranks[order[tied]] = rank }
                (start, below) = (place + 1, drawn)
            }
            return ranks
        }
        let total = Double(counts.reduce(0, +))
        let means = ranks.map { ranks in zip(ranks, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / total }
        var (ofLabels, ofPredictions, ofBoth) = (0.0, 0.0, 0.0)
        for row in counts.indices where counts[row] > 0 {
            let (label, prediction) = (ranks[0][row] - means[0], ranks[1][row] - means[1])
            ofLabels += label * label * Double(counts[row])
            ofPredictions += prediction * prediction * Double(counts[row])
            ofBoth += label * prediction * Double(counts[row])
        }
        return ofLabels > 0 && ofPredictions > 0 ? ofBoth / (ofLabels * ofPredictions).squareRoot() : .nan
    }
}

/// How often a draw has each of so many rows.
func drawCounts(_ sample: [Int], rows: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: rows)
    for row in sample { counts[row] += 1 }
    return counts
}
