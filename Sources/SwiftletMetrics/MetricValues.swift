import SwiftletIO

/// One result of a metric.
public enum MetricValue: Sendable, Equatable {
    /// One score or other real number, in double precision; NaN where the metric is not defined for the rows.
    case number(Double)
    /// A count, such as the number of tokens or of edits.
    case integer(Int)
    /// A text, for metrics that were registered. It is left out where the values are read as a sequence of numbers.
    case text(String)
    /// Several counts, such as the matches of n-grams for each length.
    case integers([Int])
    /// One number a label, output or text.
    case list([Double])
    /// A matrix of real numbers by rows, such as a confusion matrix that is weighted or normalized.
    case matrix([[Double]])
    /// A confusion matrix of unweighted counts.
    case counts([[Int]])
    /// What seqeval has for each entity type.
    case group(MetricValues)
}

/// A bootstrap confidence interval.
public struct ConfidenceInterval: Sendable, Equatable {
    /// The lower end, in the score's unit; NaN where the interval is not defined.
    public var low: Double
    /// The upper end, in the score's unit; NaN where the interval is not defined.
    public var high: Double
    /// The standard deviation of the resampled scores.
    public var standardError: Double

    /// An interval from `low` to `high`, with the standard deviation of the resampled scores. The numbers are kept as
    /// they are.
    public init(low: Double, high: Double, standardError: Double) {
        self.low = low
        self.high = high
        self.standardError = standardError
    }
}

/// What a metric returns: keys in the order of `evaluate`'s dictionary, with their values.
///
/// As a sequence it gives every number, with `key_0`, `key_1`, ... for those of a list and `group_key` for those of a
/// group, ready to be logged.
public struct MetricValues: Sendable, Equatable, CustomStringConvertible, Sequence, ExpressibleByDictionaryLiteral {
    private var order = OrderedKeys()
    /// The values in the order of `keys`, as many as there are keys.
    public private(set) var values: [MetricValue] = []
    /// What Python would have warned about, such as a score that isn't defined for these inputs.
    public var warnings: [String] = []
    /// The intervals of the scores with these keys, if `MetricOption.bootstrap` was given.
    public var intervals: [String: ConfidenceInterval] = [:]

    /// A result without keys, to which values can be added with `set(_:_:)`.
    public init() {}

    /// A result of numbers in the order in which they are written. Of a key that comes twice the last number stays.
    public init(dictionaryLiteral elements: (String, Double)...) {
        for (key, value) in elements { set(key, .number(value)) }
    }

    /// The keys in the order of `evaluate`'s dictionary.
    public var keys: [String] { order.names }
    /// The number of keys. As a sequence there may be more elements, since lists and groups are taken apart.
    public var count: Int { order.count }
    /// Whether there is no key.
    public var isEmpty: Bool { values.isEmpty }

    /// The number with this key, or with the joined name under which the sequence gives it.
    public subscript(key: String) -> Double? {
        get {
            switch value(key) {
            case .number(let value): value
            case .integer(let value): Double(value)
            case .list, .integers, .matrix, .counts, .group, .text: nil
            case nil: first { $0.key.isSame(as: key) }?.value
            }
        }
        set {
            if let newValue {
                set(key, .number(newValue))
            } else if let index = order.position(of: key) {
                order.remove(at: index)
                values.remove(at: index)
            }
        }
    }

    /// The value of a key in its own form; `nil` where there is no such key. Keys are compared by their code points.
    public func value(_ key: String) -> MetricValue? { order.position(of: key).map { values[$0] } }

    /// Sets the value of a key. A key that is here already keeps its place; a new one comes last.
    public mutating func set(_ key: String, _ value: MetricValue) {
        if let index = order.position(of: key) {
            values[index] = value
        } else {
            order.append(key)
            values.append(value)
        }
    }

    /// The numbers of a key with a list, such as one score for each label; `nil` for other values and where there is no
    /// such key.
    public func list(_ key: String) -> [Double]? {
        switch value(key) {
        case .list(let list): list
        case .integers(let list): list.map(Double.init)
        default: nil
        }
    }

    /// The values below a key, such as precision and recall of an entity type; `nil` for other values and where there
    /// is no such key.
    public func group(_ key: String) -> MetricValues? { if case .group(let group) = value(key) { group } else { nil } }

    /// A confusion matrix: a row for each label of the references, a column for each of the predictions.
    public func matrix(_ key: String) -> [[Double]]? {
        switch value(key) {
        case .matrix(let rows): rows
        case .counts(let rows): rows.map { $0.map(Double.init) }
        default: nil
        }
    }

    /// Takes over all keys of `other`, replacing those that are here already.
    public mutating func merge(_ other: MetricValues) {
        for (key, value) in zip(other.keys, other.values) {
            set(key, value)
            intervals[key] = other.intervals[key]
        }
        warnings += other.warnings
    }

    public func makeIterator() -> IndexingIterator<[(key: String, value: Double)]> {
        var flat: [(key: String, value: Double)] = []
        for (key, value) in zip(keys, values) {
            switch value {
            case .number(let number): flat.append((key, number))
            case .integer(let number): flat.append((key, Double(number)))
            case .text: break
            case .integers, .list:
                let list = list(key) ?? []
                flat += list.enumerated().map { ("\(key)_\($0)", $1) }
            case .group(let group): flat += group.map { ("\(key)_\($0.key)", $0.value) }
            case .matrix, .counts:
                for (row, numbers) in (matrix(key) ?? []).enumerated() {
                    flat += numbers.enumerated().map { ("\(key)_\(row)_\($0)", $1) }
                }
            }
        }
        return flat.makeIterator()
    }

    /// As Python prints the dictionary; a score with an interval as `evaluate`'s evaluators print it.
    public var description: String {
        let items = zip(keys, values).map { key, value in
            guard let interval = intervals[key] else { return "\(quoted(key)): \(text(value))" }
            return "\(quoted(key)): {'confidence_interval': (\(text(interval.low)), \(text(interval.high))), "
                + "'standard_error': \(text(interval.standardError)), 'score': \(text(value))}"
        }
        return "{\(items.joined(separator: ", "))}"
    }

    private func quoted(_ key: String) -> String {
        let quote = key.contains("'") && !key.contains("\"") ? "\"" : "'"
        var text = quote
        for character in key.unicodeScalars {
            if character == "\\" || (character == "'" && quote == "'") { text += "\\" }
            text.unicodeScalars.append(character)
        }
        return text + quote
    }

    private func text(_ value: MetricValue) -> String {
        switch value {
        case .number(let number): text(number)
        case .integer(let number): String(number)
        case .text(let text): quoted(text)
        case .integers(let list): list.description
        case .list(let list): text(list)
        case .matrix(let rows): "[\(rows.map { text($0) }.joined(separator: ", "))]"
        case .counts(let rows): "[\(rows.map(\.description).joined(separator: ", "))]"
        case .group(let group): group.description
        }
    }

    private func text(_ list: [Double]) -> String { "[\(list.map { text($0) }.joined(separator: ", "))]" }

    private func text(_ number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        return JSONValue.double(number).text()
    }
}
