internal import SwiftletIO

/// `mean_iou`: what the predicted and the true pixels of each class share, in proportion to what either has. Keeps how
/// often each pair of classes came in each image.
struct SegmentationState: MetricState {
    let options: Set<String> = ["num_labels", "ignore_index", "nan_to_num", "label_map", "reduce_labels"]
    private var images: [[LabelCounts.Pair: Int]] = []

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        try batch.rejectWeights("mean_iou")
        let predictions = try Self.images(batch.predictions, "predictions")
        let references = try Self.images(batch.references, "references")
        var added: [[LabelCounts.Pair: Int]] = []
        for (row, (prediction, reference)) in zip(predictions, references).enumerated() {
            guard prediction.count == reference.count else {
                throw MetricError(
                    "Image \(images.count + row) has \(prediction.count) predicted pixels and \(reference.count) true ones",
                    remedy: "Bring both to the same size.", kind: .countMismatch,
                    at: ErrorLocation(column: "predictions", row: images.count + row))
            }
            var counts: [LabelCounts.Pair: Int] = [:]
            for (predicted, actual) in zip(prediction, reference) {
                counts[LabelCounts.Pair(reference: actual, prediction: predicted), default: 0] += 1
            }
            added.append(counts)
        }
        images += added
    }

    private static func images(_ column: MetricColumn, _ name: String) throws(MetricError) -> [[Int]] {
        guard case .lists(let images) = column else {
            throw .format(name, expected: "images: lists of rows of class indices", got: column.kind)
        }
        var pixels: [[Int]] = []
        for image in images { pixels.append(try flat(image, name)) }
        return pixels
    }

    private static func flat(_ column: MetricColumn, _ name: String) throws(MetricError) -> [Int] {
        guard case .lists(let rows) = column else { return column.count == 0 ? [] : try column.ints(name) }
        var pixels: [Int] = []
        for row in rows { pixels += try flat(row, name) }
        return pixels
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        guard let count = options.value({ if case .numLabels(let value) = $0 { value } else { nil } }) else {
            throw .missing("num_labels", "the number of classes", metric: "mean_iou")
        }
        guard (1...1_000_000).contains(count) else { throw .invalid("num_labels", "from 1 to 1000000", "\(count)") }
        guard let ignored = options.value({ if case .ignoreIndex(let value) = $0 { value } else { nil } }) else {
            throw .missing("ignore_index", "the label of pixels that don't count", metric: "mean_iou")
        }
        if images.isEmpty { throw MetricError.empty }
        let changes: [MetricOption.LabelChange] =
            options.value { if case .labelMap(let value) = $0 { value } else { nil } } ?? []
        let reducesLabels = options.has(.reduceLabels)
        let zeros = [Double](repeating: 0, count: count)
        var (both, predicted, actual) = (zeros, zeros, zeros)
        let classes = 0..<count
        for image in images {
            for (pair, pixels) in image {
                var label = pair.reference
                for change in changes where label == change.old { label = change.new }
                if reducesLabels { label = label == 0 || label == 255 ? 255 : label &- 1 }
                if label == ignored { continue }
                if classes.contains(label) { actual[label] += Double(pixels) }
                if classes.contains(pair.prediction) {
                    predicted[pair.prediction] += Double(pixels)
                    if pair.prediction == label { both[label] += Double(pixels) }
                }
            }
        }
        let replacement = options.value { if case .nanToNum(let value) = $0 { value } else { nil } }
        func shown(_ value: Double) -> Double { value.isNaN ? replacement ?? value : value }
        func mean(_ values: [Double]) -> Double {
            let numbers = values.filter { !$0.isNaN }
            return numbers.reduce(0, +) / Double(numbers.count)
        }
        let iou = classes.map { both[$0] / (predicted[$0] + actual[$0] - both[$0]) }
        let accuracy = classes.map { both[$0] / actual[$0] }
        var values: MetricValues = [
            "mean_iou": shown(mean(iou)), "mean_accuracy": shown(mean(accuracy)),
            "overall_accuracy": shown(both.reduce(0, +) / actual.reduce(0, +)),
        ]
        values.set("per_category_iou", .list(iou.map(shown)))
        values.set("per_category_accuracy", .list(accuracy.map(shown)))
        if iou.contains(where: \.isNaN) {
            values.warnings.append("Some classes are in no image: their scores are NaN.")
        }
        return values
    }

    var groups: [Int]? { [Int](repeating: 1, count: images.count) }

    func taking(_ counts: [Int]) -> SegmentationState {
        var state = self
        state.images = images.repeated(counts)
        return state
    }
}
