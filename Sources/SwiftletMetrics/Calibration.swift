#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Expected calibration error (Naeini et al. 2015; Guo et al. 2017): how far confidence is from accuracy, over bins of
/// equal width [low, high). Predictions are the probabilities of all classes, of which the largest is the confidence,
/// or that of class 1, which is compared with how often 1 is the label. Keeps a few sums for each bin.
struct CalibrationState: MetricState {
    struct Bin: Sendable {
        var weight = 0.0
        var confidence = 0.0
        var hits = 0.0
    }

    let options: Set<String> = ["n_bins", "norm"]
    private var bins: [Bin]?
    private var rows = 0
    private var hasWeights = false
    private var kept: [(confidence: Double, isHit: Bool)]? = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        let count = batch.options.bins
        guard count > 0 else {
            throw .option(
                "n_bins", "Expected n_bins to be a positive integer, got: \(count)", remedy: "Give .bins(15), say.")
        }
        if let bins, bins.count != count { throw .late("Another number of bins", option: "n_bins") }
        let probabilities = try RegressionState.rows(batch.predictions, "predictions")
        let labels = try batch.references.ints("references")
        var added: [(confidence: Double, isHit: Bool)] = []
        added.reserveCapacity(labels.count)
        for (index, (row, label)) in zip(probabilities, labels).enumerated() {
            try RegressionState.checkFinite(row, "predictions", row: index)
            guard !row.isEmpty, row.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
                throw .input(
                    "predictions", "Calibration is about probabilities, which lie between 0 and 1", row: index,
                    remedy: "Apply a softmax to logits, or a sigmoid to the logit of one class.",
                    commandLine: "Give another --metric: this one is about probabilities.")
            }
            if row.count == 1 {
                added.append((row[0], label == 1))
            } else {
                var best = 0
                for column in row.indices where row[column] > row[best] { best = column }
                added.append((row[best], best == label))
            }
        }
        if batch.options.bootstrap == nil, !added.isEmpty { kept = nil }
        if batch.weights != nil { hasWeights = true }
        kept?.append(contentsOf: added)
        for (row, item) in added.enumerated() { add(item.confidence, item.isHit, batch.weights?[row] ?? 1, count) }
    }

    private mutating func add(_ confidence: Double, _ isHit: Bool, _ weight: Double, _ count: Int) {
        if bins == nil { bins = [Bin](repeating: Bin(), count: count) }
        let index = min(Int(confidence * Double(count)), count - 1)
        bins?[index].weight += weight
        bins?[index].confidence += confidence * weight
        if isHit { bins?[index].hits += weight }
        rows += 1
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard rows > 0, let bins else { throw MetricError.empty }
        if bins.count != options.bins { throw .late("Another number of bins", option: "n_bins") }
        let total = bins.reduce(0) { $0 + $1.weight }
        let gaps = bins.filter { $0.weight > 0 }.map { (abs($0.hits - $0.confidence) / $0.weight, $0.weight / total) }
        let error =
            switch options.norm {
            case .l1: gaps.reduce(0) { $0 + $1.0 * $1.1 }
            case .l2: gaps.reduce(0) { $0 + $1.0 * $1.0 * $1.1 }.squareRoot()
            case .max: gaps.reduce(0) { max($0, $1.0) }
            }
        return ["calibration_error": error]
    }

    var groups: [Int]? { hasWeights ? nil : kept.map { [Int](repeating: 1, count: $0.count) } }
    var groupsError: MetricError { .late("A bootstrap", option: "strategy") }

    func taking(_ counts: [Int]) -> CalibrationState {
        var state = CalibrationState()
        state.kept = nil
        for (item, times) in zip(kept ?? [], counts) {
            for _ in 0..<times { state.add(item.confidence, item.isHit, 1, bins?.count ?? 1) }
        }
        return state
    }
}

/// The perplexity of each text, the exponential of its mean loss a token, and their mean, as `evaluate`'s `perplexity`
/// has them. It is given losses: the model that makes them is the caller's.
struct PerplexityState: MetricState {
    let options: Set<String> = []
    private var perplexities: [Double] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("Perplexity")
        var means: [Double] = []
        for losses in try RegressionState.rows(batch.predictions, "losses") {
            guard !losses.isEmpty else {
                throw .input(
                    "losses", "Each input text must be at least one token long.", row: perplexities.count + means.count,
                    remedy: "Leave out texts without a token.", kind: .empty)
            }
            means.append(losses.reduce(0, +) / Double(losses.count))
        }
        perplexities += means.map { exp($0) }
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        if perplexities.isEmpty { throw MetricError.empty }
        var values = MetricValues()
        values.set("perplexities", .list(perplexities))
        values["mean_perplexity"] = perplexities.reduce(0, +) / Double(perplexities.count)
        return values
    }

    var groups: [Int]? { [Int](repeating: 1, count: perplexities.count) }

    func taking(_ counts: [Int]) -> PerplexityState {
        var state = PerplexityState()
        state.perplexities = perplexities.repeated(counts)
        return state
    }
}
