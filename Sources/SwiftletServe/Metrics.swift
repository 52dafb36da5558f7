import SwiftletTasks
import Synchronization

/// Numbers that grow, counted by labels.
private struct Counter {
    private(set) var values: [[String]: Double] = [:]

    mutating func add(_ labels: [String], _ amount: Double = 1) { values[labels, default: 0] += amount }
}

/// How often values were at most as large as each bound.
private struct Histogram {
    struct Series {
        /// Not summed up; the last is for all above the bounds.
        var counts: [Int]
        var sum = 0.0
    }

    let bounds: [Double]
    private(set) var series: [[String]: Series] = [:]

    init(_ bounds: [Double]) { self.bounds = bounds }

    mutating func add(_ labels: [String], _ value: Double) {
        let place = bounds.firstIndex { value <= $0 } ?? bounds.count
        series[labels, default: Series(counts: Array(repeating: 0, count: bounds.count + 1))].counts[place] += 1
        series[labels]?.sum += value
    }

    /// Seconds, from half a millisecond to a minute.
    static let durations = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    static let powers = (0...14).map { Double(1 << $0) }
}

/// What a server counts, in the text form of Prometheus. Names are those of text-embeddings-inference where it has them.
final class Metrics: Sendable {
    private struct State {
        var requests = Counter()
        var successes = Counter()
        var failures = Counter()
        var tokens = Counter()
        var sequences = Counter()
        var durations = Histogram(Histogram.durations)
        var queueDurations = Histogram(Histogram.durations)
        var inferenceDurations = Histogram(Histogram.durations)
        var batchSizes = Histogram(Histogram.powers)
        var batchTokens = Histogram(Histogram.powers)
    }

    /// What is read off when it is asked for.
    struct Gauges {
        var inFlight = 0
        var connections = 0
        /// By model.
        var waiting: [(model: String, count: Int)] = []
        var loaded: [(model: String, isReady: Bool)] = []
    }

    private let state = Mutex(State())

    func count(_ record: RequestRecord.Content, duration: Duration) {
        let labels = [record.route, record.model ?? ""]
        state.withLock { state in
            state.requests.add(labels)
            if let failure = record.failure {
                state.failures.add(labels + [failure])
            } else {
                state.successes.add(labels)
            }
            state.durations.add(labels, duration.seconds)
            guard let figures = record.figures, figures.sequenceCount > 0 else { return }
            let model = [record.model ?? ""]
            state.tokens.add(model, Double(figures.tokenCount))
            state.sequences.add(model, Double(figures.sequenceCount))
            state.queueDurations.add(model, figures.waited.seconds)
            state.inferenceDurations.add(model, figures.ran.seconds)
        }
    }

    func count(_ batch: BatchFigures, model: String) {
        state.withLock { state in
            state.batchSizes.add([model], Double(batch.sequenceCount))
            state.batchTokens.add([model], Double(batch.tokenCount))
        }
    }

    func text(_ gauges: Gauges) -> String {
        let state = state.withLock { $0 }
        var page = MetricsPage()
        let route = ["route", "model"]
        page.counter("te_request_count", "Requests.", route, state.requests.values)
        page.counter("te_request_success", "Requests that were answered as asked.", route, state.successes.values)
        page.counter(
            "te_request_failure", "Requests that were not, by what went wrong.", route + ["err"], state.failures.values)
        page.counter(
            "te_request_tokens", "Tokens of the requests, special ones included.", ["model"], state.tokens.values)
        page.counter("te_request_sequences", "Sequences that the model was given.", ["model"], state.sequences.values)
        page.histogram("te_request_duration", "Seconds from a request's head to its answer.", route, state.durations)
        page.histogram(
            "te_request_queue_duration", "Seconds that a request waited for the model.", ["model"], state.queueDurations
        )
        page.histogram(
            "te_request_inference_duration", "Seconds of the batches that a request was in.", ["model"],
            state.inferenceDurations)
        page.histogram("te_batch_next_size", "Sequences in a batch.", ["model"], state.batchSizes)
        page.histogram("te_batch_next_tokens", "Tokens in a batch.", ["model"], state.batchTokens)
        page.gauge(
            "te_queue_size", "Requests that wait for the model.", ["model"],
            gauges.waiting.map { ([$0.model], Double($0.count)) })
        page.gauge(
            "te_model_loaded", "Whether the model is loaded.", ["model"],
            gauges.loaded.map { ([$0.model], $0.isReady ? 1 : 0) })
        page.gauge("te_requests_in_flight", "Requests that are worked on or wait.", [], [([], Double(gauges.inFlight))])
        page.gauge("te_connections", "Open connections.", [], [([], Double(gauges.connections))])
        if let bytes = ProcessMemory.residentByteCount {
            page.gauge("process_resident_memory_bytes", "Resident memory.", [], [([], Double(bytes))])
        }
        return page.text
    }

    /// The text form, version 0.0.4.
    private struct MetricsPage {
        private(set) var text = ""

        private mutating func head(_ name: String, _ help: String, _ type: String) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        }

        private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
            let shown = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            let number = Int(exactly: value).map(String.init) ?? value.description
            text += labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(shown)} \(number)\n"
        }

        private static func escaped(_ text: String) -> String {
            text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        }

        private func pairs(_ names: [String], _ values: [String]) -> [(String, String)] { Array(zip(names, values)) }

        private func sorted<Value>(_ values: [[String]: Value]) -> [(key: [String], value: Value)] {
            values.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        }

        mutating func counter(_ name: String, _ help: String, _ labels: [String], _ values: [[String]: Double]) {
            head(name, help, "counter")
            for (key, value) in sorted(values) { line(name, pairs(labels, key), value) }
        }

        mutating func gauge(_ name: String, _ help: String, _ labels: [String], _ values: [([String], Double)]) {
            head(name, help, "gauge")
            for (key, value) in values { line(name, pairs(labels, key), value) }
        }

        mutating func histogram(_ name: String, _ help: String, _ labels: [String], _ histogram: Histogram) {
            head(name, help, "histogram")
            for (key, series) in sorted(histogram.series) {
                let own = pairs(labels, key)
                var count = 0
                for (bound, more) in zip(histogram.bounds + [.infinity], series.counts) {
                    count += more
                    let shown = bound.isInfinite ? "+Inf" : Int(exactly: bound).map(String.init) ?? bound.description
                    line("\(name)_bucket", own + [("le", shown)], Double(count))
                }
                line("\(name)_sum", own, series.sum)
                line("\(name)_count", own, Double(count))
            }
        }
    }
}
