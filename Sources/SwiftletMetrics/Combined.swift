internal import SwiftletIO

/// Several metrics of the same inputs, as `evaluate.combine` makes them.
struct CombinedState: MetricState {
    struct Part: Sendable {
        var name: String
        var presets: [MetricOption]
        var state: any MetricState
    }

    var parts: [Part]
    let forcePrefix: Bool

    var options: Set<String> { parts.reduce(into: []) { $0.formUnion($1.state.options) } }

    mutating func add(_ batch: MetricBatch) throws(MetricError) {
        var parts = parts
        for index in parts.indices {
            var batch = batch
            batch.options = self.options(batch.options, parts[index])
            try parts[index].state.add(batch)
        }
        self.parts = parts
    }

    private func options(_ options: MetricOptions, _ part: Part) -> MetricOptions {
        let known = part.state.options
        return MetricOptions(part.presets + options.given.filter { $0.name == "strategy" || known.contains($0.name) })
    }

    func compute(_ options: MetricOptions) throws(MetricError) -> MetricValues {
        var results: [MetricValues] = []
        for part in parts {
            let options = self.options(options, part)
            var values = try part.state.compute(options)
            if let bootstrap = options.bootstrap { try values.addIntervals(of: part.state, bootstrap, options) }
            results.append(values)
        }
        var uses: [TextKey: Int] = [:]
        for key in results.flatMap(\.keys) { uses[TextKey(key), default: 0] += 1 }
        var merged = MetricValues()
        for (index, values) in results.enumerated() {
            let name = parts[index].name
            let isRepeated = parts.filter { $0.name == name }.count > 1
            let prefix = isRepeated ? "\(name)_\(parts[..<index].filter { $0.name == name }.count)" : name
            for (key, value) in zip(values.keys, values.values) {
                let key = (key, uses[TextKey(key), default: 0] > 1 || forcePrefix ? "\(prefix)_\(key)" : key)
                merged.set(key.1, value)
                merged.intervals[key.1] = values.intervals[key.0]
            }
            merged.warnings += values.warnings
        }
        return merged
    }

    /// Each part has its own.
    var groups: [Int]? { [] }

    func taking(_ counts: [Int]) -> CombinedState { self }
}
