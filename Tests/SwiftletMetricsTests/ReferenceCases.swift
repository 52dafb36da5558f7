import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport

/// One call of a reference function, from `Tools/reference/metrics.py`.
struct ReferenceCase: CustomStringConvertible {
    let description: String
    let metric: String
    let config: String?
    let predictions: JSONValue
    let references: JSONValue
    let weights: [Double]?
    let options: [MetricOption]
    /// The values, or the message of an error.
    let values: JSONObject?
    let error: String?
    let warnings: [String]
    let bootstrap: JSONValue?

    static func all() throws -> [ReferenceCase] {
        let file = try JSONValue(contentsOf: Locations.fixture("metrics/cases.json"))
        let columns = file["columns"]?.array ?? []
        return (file["cases"]?.array ?? []).enumerated().map { index, item in
            func column(_ key: String) -> JSONValue? { item[key]?.int.map { columns[$0] } }
            return ReferenceCase(
                description: "\(index) \(item["metric"]?.string ?? "") \(item["config"]?.string ?? "") "
                    + (item["options"]?.text() ?? ""),
                metric: item["metric"]?.string ?? "", config: item["config"]?.string,
                predictions: column("predictions") ?? [], references: column("references") ?? [],
                weights: column("weights")?.array?.compactMap(\.double),
                options: options(item["options"]?.object ?? [:]), values: item["values"]?.object,
                error: item["error"]?.string, warnings: item["warnings"]?.array?.compactMap(\.string) ?? [],
                bootstrap: item["bootstrap"])
        }
    }

    private static func options(_ object: JSONObject) -> [MetricOption] {
        object.compactMap { key, value in
            switch key {
            case "average": .average(value.string.flatMap(Average.init) ?? .perLabel)
            case "labels": .labels(value.array?.compactMap(\.int) ?? [])
            case "pos_label": .posLabel(value.int ?? 0)
            case "zero_division": .zeroDivision(value.double == 0 ? .zero : value.double == 1 ? .one : .nan)
            case "normalize":
                value.string.flatMap(MetricOption.Normalization.init).map { .normalizeMatrix($0) }
                    ?? .normalize(value.bool ?? true)
            case "return_pvalue": .returnPValue
            case "max_fpr": .maxFPR(value.double ?? 0)
            case "multi_class": .multiClass(value == "ovo" ? .ovo : .ovr)
            case "multioutput":
                .multiOutput(value.string == nil ? .weights(value.array?.compactMap(\.double) ?? []) : .rawValues)
            case "squared": .squared(value.bool ?? true)
            case "regexes_to_ignore": .regexesToIgnore(value.array?.compactMap(\.string) ?? [])
            case "ignore_case": .ignoreCase
            case "ignore_punctuation": .ignorePunctuation
            case "ignore_numbers": .ignoreNumbers
            case "suffix": .suffix
            case "mode": .strict(object["scheme"]?.string.flatMap(MetricOption.Scheme.init))
            case "n_bins": .bins(value.int ?? 0)
            case "norm": .norm(MetricOption.Norm(rawValue: value.string ?? "") ?? .l1)
            default: nil
            }
        }
    }

    /// The metric with the options of this case.
    func load(_ more: [MetricOption] = []) throws -> Metric {
        try (options + more).reduce(try Evaluate.load(metric, config)) { try $0.with($1) }
    }

    /// Adds the rows, in batches of this size.
    func add(to metric: Metric, batchSize: Int) throws {
        let predictions = predictions.array ?? []
        let references = references.array ?? []
        for start in stride(from: 0, to: max(predictions.count, 1), by: batchSize) {
            let rows = start..<min(start + batchSize, predictions.count)
            try metric.addBatch(
                predictions: column(predictions[rows], isReference: false),
                references: column(references[rows], isReference: true), sampleWeight: weights.map { Array($0[rows]) })
        }
    }

    private func column(_ values: ArraySlice<JSONValue>, isReference: Bool) -> MetricColumn {
        func strings(_ value: JSONValue?) -> [String] {
            value?.string.map { [$0] } ?? value?.array?.compactMap(\.string) ?? []
        }
        if metric == "squad" || config == "record" {
            return .records(
                values.map { value in
                    let (id, texts) = (value.array?[0].string ?? "", strings(value.array?[1]))
                    return isReference
                        ? MetricRecord(id: id, answers: texts) : MetricRecord(id: id, predictionText: texts[0])
                })
        }
        if config == "multirc", !isReference {
            return .records(
                values.map { value in
                    let numbers = value.array?.compactMap(\.int) ?? []
                    return MetricRecord(paragraph: numbers[0], question: numbers[1], prediction: numbers[2])
                })
        }
        return Self.column(Array(values), isText: metric == "exact_match" || metric == "seqeval")
    }

    private static func column(_ values: [JSONValue], isText: Bool) -> MetricColumn {
        if values.contains(where: { $0.array != nil }) {
            return .lists(values.map { column($0.array ?? [], isText: isText) })
        }
        if isText { return .strings(values.compactMap(\.string)) }
        if values.allSatisfy({ $0.int != nil }) { return .ints(values.compactMap(\.int)) }
        return .doubles(values.compactMap(\.double))
    }
}
