internal import SwiftletIO

/// `mase`: the mean absolute error in proportion to that of the naive forecast of the series before, which repeats what
/// was there a season ago (Hyndman & Koehler 2006).
struct ScaledErrorState: MetricState {
    let options: Set<String> = ["training", "periodicity", "multioutput"]
    private var errors = RegressionState(.mae)

    mutating func add(_ batch: MetricBatch) throws(MetricError) { try errors.add(batch) }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        let series: [[Double]]? = options.value {
            switch $0 {
            case .training(let values): values.map { [$0] }
            case .trainingRows(let rows): rows
            default: nil
            }
        }
        guard let series else {
            throw .missing("training", "the series before the predicted values", metric: "mase")
        }
        let season = options.value { if case .periodicity(let value) = $0 { value } else { nil } } ?? 1
        guard season > 0, season < series.count else {
            throw .invalid(
                "periodicity", "from 1 to \(max(series.count - 1, 1)), less than the series is long", "\(season)")
        }
        var naive = RegressionState(.mae)
        do {
            try naive.add(
                MetricBatch(
                    predictions: [Double].column(Array(series.dropLast(season))),
                    references: [Double].column(Array(series.dropFirst(season))), options: MetricOptions([])))
        } catch {
            throw MetricError(
                "The option 'training' is no series of numbers: \(error.message)",
                remedy: "Give as many finite numbers for each time.", at: ErrorLocation(option: "training"))
        }
        let score = try errors.compute(options)
        let scale = try naive.compute(options)
        var values = MetricValues()
        let tiny = Double.ulpOfOne
        if let list = score.list("mae"), let scales = scale.list("mae") {
            guard list.count == scales.count else {
                throw MetricError(
                    "The series of the option 'training' has \(scales.count) outputs, the references have \(list.count)",
                    remedy: "Give as many numbers for each time as for each row.", kind: .countMismatch,
                    at: ErrorLocation(option: "training"))
            }
            values.set("mase", .list(zip(list, scales).map { $0 / max($1, tiny) }))
        } else {
            values["mase"] = (score["mae"] ?? .nan) / max(scale["mae"] ?? .nan, tiny)
        }
        return values
    }

    var groups: [Int]? { errors.groups }
    var groupsError: MetricError { errors.groupsError }

    func taking(_ counts: [Int]) -> ScaledErrorState {
        var state = self
        state.errors = errors.taking(counts)
        return state
    }
}
