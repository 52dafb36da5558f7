/// Curves that share an axis of values, with a title and a legend above them.
struct PlotPanel: Sendable {
    let title: String
    let series: [PlotSeries]
    private let height: Double
    private let axis: PlotAxis

    /// - Parameters:
    ///   - startsAtZero: whether the axis begins at zero even if the values are far from it.
    ///   - limit: what the values can't exceed, in either direction.
    init(_ title: String, _ series: [PlotSeries], height: Double, startsAtZero: Bool = false, limit: Double? = nil) {
        self.title = title
        self.series = series
        self.height = height
        axis = PlotAxis(
            values: series.flatMap(\.finite).map(\.y), startsAtZero: startsAtZero, limit: limit,
            tickCount: max(3, Int(height / 40)))
    }

    /// Draws the panel, and gives its lower edge.
    func draw(
        in picture: inout SVGPicture, top: Double, layout: PlotLayout, epochs: [(epoch: Int, step: Double)]
    ) -> Double {
        let upper = drawHeader(in: &picture, top: top, layout)
        let lower = upper + height
        func y(_ value: Double) -> Double { lower - axis.share(value) * height }

        for tick in axis.ticks {
            picture.line(from: (layout.left, y(tick)), to: (layout.right, y(tick)), style: "grid")
            picture.text(axis.label(tick), x: layout.left - 10, y: y(tick) + 4, anchor: "end")
        }
        for (_, step) in epochs {
            picture.line(from: (layout.x(step), upper), to: (layout.x(step), lower), style: "epoch")
        }
        for tick in layout.steps.ticks {
            picture.line(from: (layout.x(tick), lower), to: (layout.x(tick), lower + 5), style: "axis")
        }
        picture.line(from: (layout.left, lower), to: (layout.right, lower), style: "axis")

        for (index, curve) in series.enumerated() {
            let color = color(index)
            for piece in curve.pieces {
                picture.curve(
                    piece.map { (layout.x($0.x), y($0.y)) }, style: "curve \(color)\(curve.isFaint ? " faint" : "")")
            }
            // A single value has no line to be seen by.
            guard curve.points.count == 1 || curve.isMarked && curve.points.count <= 60 else { continue }
            for point in curve.finite { picture.dot(x: layout.x(point.x), y: y(point.y), style: color) }
        }
        return lower
    }

    /// A curve in the background has the colour of the one over it.
    private func color(_ index: Int) -> String {
        let number = index - series[..<index].count(where: \.isFaint)
        return "c\(number % SVGPicture.colorCount)\(number >= SVGPicture.colorCount ? " dashed" : "")"
    }

    /// The title, and the legend to its right, in as many lines as it takes. Gives where the panel itself begins.
    private func drawHeader(in picture: inout SVGPicture, top: Double, _ layout: PlotLayout) -> Double {
        let first = layout.left + SVGPicture.width(of: title, size: 14) + 22
        var (x, y) = (first, top + 14)
        picture.text(title, x: layout.left, y: y, anchor: "start", style: "title")
        guard series.count > 1 || series.contains(where: { $0.showsValue }) else { return y + 12 }
        for (index, curve) in series.enumerated() {
            let last = curve.finite.last.map { NumberText.significant($0.y, digits: 4) } ?? "no number"
            let label = curve.showsValue ? "\(curve.name) \(last)" : curve.name
            let width = 24 + SVGPicture.width(of: label, size: 12) + 16
            if x + width > layout.right + 16, x > first { (x, y) = (first, y + 18) }
            picture.line(
                from: (x, y - 4), to: (x + 18, y - 4), style: "curve \(color(index))\(curve.isFaint ? " faint" : "")")
            if curve.isMarked { picture.dot(x: x + 9, y: y - 4, style: color(index)) }
            picture.text(label, x: x + 24, y: y, anchor: "start")
            x += width
        }
        return y + 12
    }
}
