import SwiftletDatasets
import SwiftletIO

extension RunReport {
    // MARK: Pictures of rows

    func scoresSection(_ table: PredictionTable) throws -> ReportSection? {
        switch table.kind {
        case .classes:
            let (rows, labels, predictions) = try table.labelledClasses()
            guard !rows.isEmpty else { return nil }
            let scores = try table.numbers("score")
            var (right, wrong) = ([Int](repeating: 0, count: 20), [Int](repeating: 0, count: 20))
            for (place, row) in rows.enumerated() where scores[row].isFinite {
                let bin = min(max(Int(exactly: (scores[row] * 20).rounded(.down)) ?? 0, 0), 19)
                if labels[place] == predictions[place] { right[bin] += 1 } else { wrong[bin] += 1 }
            }
            return ReportSection(
                "scores", "Distribution of scores",
                [
                    Block.bars(
                        "Probability of the predicted class", x: "probability", y: "rows",
                        (0..<20).map { "\(Double($0 * 5) / 100)–\(Double($0 * 5 + 5) / 100)" },
                        [("right", right), ("wrong", wrong)])
                ])
        case .numbers:
            let labels = table.has("label") ? try table.numbers("label") : []
            let predictions = try table.numbers("prediction")
            let points = labels.indices.filter { labels[$0].isFinite && predictions[$0].isFinite }
            guard !points.isEmpty else { return nil }
            let shown = points.count > 5000 ? (0..<5000).map { points[$0 * points.count / 5000] } : points
            return ReportSection(
                "scores", "Predicted and true numbers",
                [
                    scatter(
                        "Each point is a row", x: "label", y: "prediction",
                        shown.map { (labels[$0], predictions[$0], $0) }, hasDiagonal: true)
                ])
        default: return nil
        }
    }

    func mapSection(_ table: PredictionTable) throws -> ReportSection? {
        guard table.kind == .vectors else { return nil }
        let (x, y) = (try table.numbers("x"), try table.numbers("y"))
        let rows = Array(x.indices).filter { x[$0].isFinite && y[$0].isFinite }
        let shown = rows.count > 5000 ? (0..<5000).map { rows[$0 * rows.count / 5000] } : rows
        return ReportSection(
            "map", "Map of the embeddings",
            note:
                "The first two principal components of the first texts' vectors. Near points need not be near in all dimensions; "
                + "the table of rows has the nearest neighbours by cosine.",
            [
                scatter(
                    "Each point is a text", x: "first component", y: "second component",
                    shown.map { (x[$0], y[$0], $0) })
            ])
    }

    private func scatter(
        _ title: String, x: String, y: String, _ points: [(x: Double, y: Double, row: Int)], hasDiagonal: Bool = false
    ) -> JSONValue? {
        guard !points.isEmpty else { return nil }
        return [
            "type": "points", "title": .string(title), "x": .string(x), "y": .string(y), "diagonal": .bool(hasDiagonal),
            "points": .array(points.map { [.short($0.x), .short($0.y), .int($0.row)] }), "target": "rows",
        ]
    }
}
