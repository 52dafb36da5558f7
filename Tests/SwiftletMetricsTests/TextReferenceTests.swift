import SwiftletIO
import SwiftletMetrics
import SwiftletTestSupport
import Testing

/// One call of a metric, from `Tools/reference/metrics_text.py`.
struct TextCase: CustomStringConvertible {
    let description: String
    let metric: String
    let config: String?
    let predictions: [JSONValue]
    let references: [JSONValue]
    let sources: [String]?
    let weights: [Double]?
    let options: JSONValue
    /// The values, or the message of an error.
    let values: JSONObject?
    let error: String?

    static func all() throws -> [TextCase] {
        let file = try JSONValue(contentsOf: Locations.fixture("metrics/text_cases.json"))
        let columns = try #require(file["columns"]?.array)
        return try #require(file["cases"]?.array).enumerated().map { index, item in
            func column(_ key: String) -> [JSONValue]? { item[key]?.int.flatMap { columns[$0].array } }
            let metric = item["metric"]?.string ?? ""
            return TextCase(
                description: "\(index) \(metric) \(item["config"]?.string ?? "") \(item["options"]?.text() ?? "")",
                metric: metric, config: item["config"]?.string, predictions: column("predictions") ?? [],
                references: column("references") ?? [], sources: column("sources")?.compactMap(\.string),
                weights: column("weights")?.compactMap(\.double), options: item["options"] ?? .object(JSONObject()),
                values: item["values"]?.object, error: item["error"]?.string)
        }
    }

    func compute(batchSize: Int) throws -> MetricValues {
        let options = try MetricOption.options(options).map { option -> MetricOption in
            if case .nltkData(let folder) = option { .nltkData(Locations.fixture(folder)) } else { option }
        }
        let metric = try options.reduce(try Evaluate.load(metric, config)) { try $0.with($1) }
        for start in stride(from: 0, to: max(predictions.count, 1), by: batchSize) {
            let rows = start..<min(start + batchSize, predictions.count)
            let predicted = column(predictions[rows], isReference: false)
            let actual = column(references[rows], isReference: true)
            if let sources, case .strings(let texts) = predicted, case .lists(let lists) = actual {
                try metric.addBatch(
                    sources: Array(sources[rows]), predictions: texts,
                    references: lists.map { list -> [String] in if case .strings(let texts) = list { texts } else { [] }
                    })
            } else {
                try metric.addBatch(
                    predictions: predicted, references: actual, sampleWeight: weights.map { Array($0[rows]) })
            }
        }
        return try metric.compute()
    }

    private func column(_ rows: ArraySlice<JSONValue>, isReference: Bool) -> MetricColumn {
        guard ["squad_v2", "cuad", "fever"].contains(metric) else { return Self.column(Array(rows)) }
        return .records(
            rows.map { row in
                let (id, value) = (row.array?[0].string ?? "", row.array?[1] ?? .null)
                let texts = value.array?.compactMap(\.string) ?? []
                if metric == "fever", isReference {
                    return MetricRecord(
                        label: id, evidenceSets: value.array?.map { $0.array?.compactMap(\.string) ?? [] } ?? [])
                }
                if metric == "fever" { return MetricRecord(label: id, evidence: texts) }
                if isReference { return MetricRecord(id: id, answers: texts) }
                if metric == "cuad" { return MetricRecord(id: id, predictionTexts: texts) }
                return MetricRecord(
                    id: id, predictionText: value.string ?? "", noAnswerProbability: row.array?[2].double ?? .nan)
            })
    }

    private static func column(_ values: [JSONValue]) -> MetricColumn {
        if values.contains(where: { $0.array != nil }) { return .lists(values.map { column($0.array ?? []) }) }
        if values.contains(where: { $0.string != nil }) { return .strings(values.compactMap(\.string)) }
        if values.allSatisfy({ $0.int != nil }) { return .ints(values.compactMap(\.int)) }
        return .doubles(values.compactMap(\.double))
    }
}

/// The metrics of texts and others beside the packages that evaluate calls.
@Suite struct TextReferenceTests {
    static let cases = Result { try TextCase.all() }

    @Test(arguments: [1000, 3]) func `equals the reference`(batchSize: Int) throws {
        let cases = try Self.cases.get()
        #expect(cases.count > 600)
        for item in cases {
            do {
                let values = try item.compute(batchSize: batchSize)
                guard let expected = item.values else {
                    Issue.record("\(item): \(values) where the reference has the error '\(item.error ?? "")'")
                    continue
                }
                let text = Self.difference(values, expected)
                if let text { Issue.record("\(item): \(text) in \(values)") }
            } catch let error as MetricError {
                guard item.error != nil else {
                    Issue.record("\(item): \(error)")
                    continue
                }
                #expect(error.remedy != nil && error.commandLineRemedy != nil, "\(item): \(error)")
                #expect(error.location != ErrorLocation(), "\(item): \(error)")
            }
        }
    }

    /// Every number within 1e-9, integers as integers, and the keys in order.
    static func difference(_ values: MetricValues, _ expected: JSONObject) -> String? {
        if values.keys != expected.keys { return "keys \(values.keys), expected \(expected.keys)" }
        for (key, value) in expected {
            switch (values.value(key), value) {
            case (.group(let group), .object(let object)):
                if let inner = difference(group, object) { return "\(key): \(inner)" }
            case (.integer(let number), .int(let other)):
                if number != other { return "\(key) \(number), expected \(other)" }
            case (.integers(let numbers), .array(let other)):
                if numbers != other.compactMap(\.int) || numbers.count != other.count { return "\(key) \(numbers)" }
            case (.number, _), (.list, _):
                let actual = values.list(key) ?? values[key].map { [$0] } ?? []
                let text = SwiftletTestSupport.difference(
                    actual, ReferenceTests.flat(value), absolute: 1e-9, relative: 1e-9)
                if let text { return "\(key) \(text)" }
            case (let actual, _): return "\(key) is \(actual.map { "\($0)" } ?? "missing"), expected \(value.text())"
            }
        }
        return nil
    }

    @Test func `stems are NLTK's`() throws {
        let file = try JSONValue(contentsOf: Locations.fixture("metrics/text_cases.json"))
        let pairs = try #require(file["stems"]?.array).map { $0.array?.compactMap(\.string) ?? [] }
        #expect(pairs.count > 700)
        for pair in pairs { #expect(PorterStemmer.stem(pair[0]).isSame(as: pair[1]), "\(pair)") }
    }

    @Test func `texts are parted as sacrebleu does`() throws {
        let file = try JSONValue(contentsOf: Locations.fixture("metrics/text_cases.json"))
        let rows = try #require(file["parted"]?.array)
        #expect(rows.count > 40)
        for row in rows {
            let text = try #require(row.array?[0].string)
            for (tokenizer, words) in zip(["13a", "zh", "intl", "char", "none"], row.array?[1].array ?? []) {
                let name = try #require(MetricOption.BLEUTokenizer(rawValue: tokenizer))
                let actual = WordSplitting.words(text, name)
                #expect(actual.areSame(as: words.array?.compactMap(\.string) ?? []), "\(tokenizer): \(actual)")
            }
        }
    }
}
