public import SwiftletIO

/// A picture of a run, `loss.svg`: losses, metrics and learning rate over the steps, one panel under the other.
///
/// It is an SVG of its own, without fonts or scripts, and follows the reader's choice of light or dark.
public struct LossPlot: Sendable {
    private let panels: [PlotPanel]
    private let steps: PlotAxis
    /// Steps an epoch, if the history tells.
    private let epochLength: Double?

    /// What an evaluation logs about itself, which is no metric; with several datasets their names come before.
    private static let bookkeeping = ["runtime", "samples_per_second", "steps_per_second", "model_preparation_time"]
    /// With more logs than this, a running mean is drawn over them.
    private static let smoothedAbove = 80
    /// So few logs have a dot each; evaluations always have.
    private static let markedUpTo = 12

    /// - Parameter logHistory: a run's `log_history`.
    public init(logHistory: [JSONObject]) {
        var values: [(name: String, points: [PlotPoint])] = []
        var positions: [String: Int] = [:]
        for entry in logHistory {
            guard let step = entry["step"]?.double, step >= 0, step.isFinite else { continue }
            for (name, value) in entry {
                guard let number = value.double else { continue }
                let position = positions[name] ?? values.count
                if position == values.count {
                    positions[name] = position
                    values.append((name, []))
                }
                values[position].points.append(PlotPoint(x: step, y: number))
            }
        }
        let last = logHistory.last { ($0["epoch"]?.double ?? 0) > 0 && ($0["step"]?.double ?? 0) > 0 }
        epochLength = last.flatMap { entry in entry["step"]?.double.map { $0 / (entry["epoch"]?.double ?? 1) } }
        let panels = Self.panels(values)
        self.panels = panels
        steps = PlotAxis(from: 0, to: panels.flatMap(\.series).flatMap(\.points).map(\.x).max() ?? 1, tickCount: 7)
    }

    private static func panels(_ values: [(name: String, points: [PlotPoint])]) -> [PlotPanel] {
        var losses: [PlotSeries] = []
        var shares: [PlotSeries] = []
        var others: [PlotPanel] = []
        var rate: [PlotSeries] = []
        for (name, points) in values {
            if name == "loss" {
                losses.insert(contentsOf: training(points), at: 0)
            } else if name == "learning_rate" {
                rate = [PlotSeries("learning rate", points, isMarked: points.count <= markedUpTo, showsValue: false)]
            } else if name.hasPrefix("eval_") {
                let metric = String(name.dropFirst(5))
                if bookkeeping.contains(where: { metric == $0 || metric.hasSuffix("_\($0)") }) { continue }
                let words = metric.split(separator: "_").joined(separator: " ")
                if metric == "loss" || metric.hasSuffix("_loss") {
                    let name = metric == "loss" ? "validation loss" : "\(words), validation"
                    losses.append(PlotSeries(name, points, isMarked: true))
                    continue
                }
                let series = PlotSeries(words, points, isMarked: true)
                if series.finite.allSatisfy({ abs($0.y) <= 1 }) {
                    shares.append(series)
                } else {
                    others.append(PlotPanel(words.prefix(1).uppercased() + words.dropFirst(), [series], height: 150))
                }
            }
        }
        let all =
            [PlotPanel("Loss", losses, height: 240)] + [PlotPanel("Metrics", shares, height: 200, limit: 1)] + others
            + [PlotPanel("Learning rate", rate, height: 100, startsAtZero: true)]
        return all.filter { panel in panel.series.contains { !$0.finite.isEmpty } }
    }

    /// The training loss: where there is much of it, faint, with its running mean over it.
    private static func training(_ points: [PlotPoint]) -> [PlotSeries] {
        guard points.count > smoothedAbove else {
            return [PlotSeries("training loss", points, isMarked: points.count <= markedUpTo)]
        }
        var faint = PlotSeries("training loss", points)
        faint.isFaint = true
        let reach = min(points.count / 80, 250)
        return [faint, PlotSeries("its mean over \(2 * reach + 1) logs", PlotPoint.runningMean(points, reach: reach))]
    }

    /// Writes `loss.svg` into a folder.
    public func write(to folder: String) throws(FileError) {
        try AtomicFile.write(svg, to: FileSystem.join(folder, "loss.svg"))
    }

    /// The whole picture.
    public var svg: String {
        let layout = PlotLayout(steps: steps)
        var picture = SVGPicture()
        var top = 14.0
        for panel in panels {
            top = panel.draw(in: &picture, top: top, layout: layout, epochs: epochTicks) + 18
        }
        if panels.isEmpty {
            let message = "Nothing was logged that could be drawn."
            picture.text(message, x: layout.width / 2, y: 40, anchor: "middle", style: "title")
            top = 62
        } else {
            top = drawSteps(in: &picture, top: top - 18, layout)
        }
        let names = panels.map { $0.title.lowercased() }.joined(separator: ", ")
        return picture.document(width: layout.width, height: top, title: "Training log: \(names) over steps")
    }

    private func drawSteps(in picture: inout SVGPicture, top: Double, _ layout: PlotLayout) -> Double {
        var y = top + 20
        picture.text("step", x: layout.left - 10, y: y, anchor: "end")
        for tick in steps.ticks { picture.text(steps.label(tick), x: layout.x(tick), y: y, anchor: "middle") }
        if !epochTicks.isEmpty {
            y += 18
            picture.text("epoch", x: layout.left - 10, y: y, anchor: "end")
            for (epoch, step) in epochTicks { picture.text("\(epoch)", x: layout.x(step), y: y, anchor: "middle") }
        }
        return y + 14
    }

    /// The steps at which epochs end; of many epochs, every second, fifth and so on.
    private var epochTicks: [(epoch: Int, step: Double)] {
        guard let epochLength, epochLength > 0, steps.upper / epochLength < 1e6 else { return [] }
        // A run's last step may miss the end of its epoch by a rounding error.
        let count = Int(steps.upper / epochLength + 1e-6)
        guard count >= 1 else { return [] }
        let every = max(1, Int(PlotAxis.roundStep(Double(count) / 10)))
        return stride(from: every, through: count, by: every).map { ($0, Double($0) * epochLength) }
    }
}

/// Where the panels lie, and where in them a step is.
struct PlotLayout {
    let width = 820.0
    let left = 66.0
    let right = 796.0
    let steps: PlotAxis

    func x(_ step: Double) -> Double { left + steps.share(step) * (right - left) }
}
