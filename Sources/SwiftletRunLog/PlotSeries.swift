struct PlotPoint: Sendable {
    var x: Double
    var y: Double

    /// For each point the mean of those around it, `reach` on either side, fewer at the ends. Values that are no
    /// number are left out of the mean.
    static func runningMean(_ points: [PlotPoint], reach: Int) -> [PlotPoint] {
        let finite = points.filter(\.y.isFinite)
        return finite.indices.map { index in
            // Each sum anew: one carried along would keep the rounding errors of a spike.
            let around = finite[max(0, index - reach)..<min(finite.count, index + reach + 1)]
            return PlotPoint(x: finite[index].x, y: around.reduce(0) { $0 + $1.y } / Double(around.count))
        }
    }
}

/// One curve.
struct PlotSeries: Sendable {
    var name: String
    /// In the order of the log.
    var points: [PlotPoint]
    /// Whether every value has a dot.
    var isMarked: Bool
    /// Whether the legend gives the last value.
    var showsValue: Bool
    /// Whether it stays in the background of the curve after it.
    var isFaint = false

    /// More points than this say no more in a picture of its width.
    private static let mostPoints = 1400

    init(_ name: String, _ points: [PlotPoint], isMarked: Bool = false, showsValue: Bool = true) {
        self.name = name
        self.points = points
        self.isMarked = isMarked
        self.showsValue = showsValue
    }

    var finite: [PlotPoint] { points.filter(\.y.isFinite) }

    /// The curve's pieces, parted where a value is no number. Of a long piece, only the least and the largest value
    /// of each stretch are kept, so that no spike is lost.
    var pieces: [[PlotPoint]] {
        points.split { !$0.y.isFinite }.map { piece in
            guard piece.count > Self.mostPoints else { return Array(piece) }
            let stretch = (piece.count * 2 + Self.mostPoints - 1) / Self.mostPoints
            return stride(from: piece.startIndex, to: piece.endIndex, by: stretch).flatMap { start in
                let part = piece[start..<min(start + stretch, piece.endIndex)]
                guard let low = part.indices.min(by: { part[$0].y < part[$1].y }),
                    let high = part.indices.max(by: { part[$0].y < part[$1].y })
                else { return [PlotPoint]() }
                return low == high ? [part[low]] : [part[min(low, high)], part[max(low, high)]]
            }
        }
    }
}
