import SwiftletIO
import SwiftletNN

/// The keys of a JSON file of a checkpoint. A value that is not what its key holds is an error that names both, also
/// where a key may be left out: what is damaged must not pass for what is old.
struct CheckpointFields {
    let path: String
    let json: JSONObject

    /// Counters go on from these, and must not overflow; up to here every whole number is a `Double` too.
    static let counts = 0...1 << 53

    init(_ json: JSONValue, path: String) throws(TrainingError) {
        guard let object = json.object else {
            throw TrainingError(
                "'\(path)' holds \(json.kind), not an object", remedy: Self.remedy, kind: .checkpoint,
                at: ErrorLocation(path: path))
        }
        self.path = path
        self.json = object
    }

    /// The value of a key that must be there.
    func required<Value>(_ key: String, _ field: CheckpointField<Value>) throws(TrainingError) -> Value {
        if let value = try optional(key, field) { return value }
        throw TrainingError(
            "'\(path)' has no '\(key)'", remedy: Self.remedy, kind: .checkpoint,
            at: ErrorLocation(path: path, key: key))
    }

    /// The value of a key that files of earlier versions may be without.
    func optional<Value>(_ key: String, _ field: CheckpointField<Value>) throws(TrainingError) -> Value? {
        guard let json = json[key] else { return nil }
        if let value = field.value(json) { return value }
        throw TrainingError(
            "'\(key)' in '\(path)' is \(Self.shown(json)), not \(field.words)", remedy: Self.remedy,
            kind: .checkpoint, at: ErrorLocation(path: path, key: key))
    }

    /// The value of a key that is `null` where there is none.
    func nullable<Value>(_ key: String, _ field: CheckpointField<Value>) throws(TrainingError) -> Value? {
        json[key]?.isNull == true ? nil : try optional(key, field)
    }

    private static let remedy = "Use another checkpoint."

    /// Texts and lists may be of any length.
    private static func shown(_ value: JSONValue) -> String {
        switch value {
        case .null, .bool, .int, .double: value.text()
        case .string, .array, .object: value.kind
        }
    }
}

/// What a key of a checkpoint's file may hold.
struct CheckpointField<Value> {
    /// In words that fit after "not".
    let words: String
    /// `nil` for anything else.
    let value: (JSONValue) -> Value?
}

extension CheckpointField<Int> {
    static var count: Self { .count(in: CheckpointFields.counts) }

    static func count(in range: ClosedRange<Int>) -> Self {
        let end = range.upperBound == .max ? "up" : "to \(range.upperBound)"
        return Self(words: "a whole number from \(range.lowerBound) \(end)") { json in
            json.int.flatMap { CheckedNumber.int($0, in: range) }
        }
    }
}

extension CheckpointField<[Int]> {
    static var counts: Self {
        Self(words: "a list of whole numbers from 0 up") { json in
            let values = json.array?.map { CheckpointField<Int>.count.value($0) }
            guard let values, values.allSatisfy({ $0 != nil }) else { return nil }
            return values.compactMap(\.self)
        }
    }
}

extension CheckpointField<Double> {
    /// Any, NaN and infinity included: losses and metrics become so.
    static var number: Self { Self(words: "a number") { $0.double } }

    /// Never NaN.
    static func number(upTo limit: Double) -> Self {
        let words = limit == .greatestFiniteMagnitude ? "a number from 0 up" : "a number from 0 to \(Int(limit))"
        return Self(words: words) { json in json.double.flatMap { $0 >= 0 && $0 <= limit ? $0 : nil } }
    }

    /// What becomes a tensor's element: libtorch refuses finite numbers that are infinite in float32.
    static var float32: Self {
        Self(words: "a number that float32 holds") { json in
            json.double.flatMap { !$0.isFinite || abs($0) <= Double(Float.greatestFiniteMagnitude) ? $0 : nil }
        }
    }
}

extension CheckpointField<Bool> {
    static var bool: Self { Self(words: "true or false") { $0.bool } }
}

extension CheckpointField<String> {
    static var text: Self { Self(words: "a text") { $0.string } }
}

extension CheckpointField<[JSONObject]> {
    static var objects: Self {
        Self(words: "a list of objects") { json in
            let values = json.array?.map(\.object)
            guard let values, values.allSatisfy({ $0 != nil }) else { return nil }
            return values.compactMap(\.self)
        }
    }
}

extension CheckpointField<JSONObject> {
    /// By the names of callbacks; of several with one name a list.
    static var states: Self {
        Self(words: "an object of the states of callbacks") { json in
            guard let states = json.object else { return nil }
            let areStates = states.values.allSatisfy { kept in
                (kept.array ?? [kept]).allSatisfy { $0.object != nil }
            }
            return areStates ? states : nil
        }
    }
}

/// Reads with something that does not know from which file the values are: its errors get the file's name.
func reading<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    func named(_ message: String) -> String { "'\(path)': \(message)" }
    do { return try body() } catch var error as SchedulerError {
        error.message = named(error.message)
        error.location.path = path
        throw error
    } catch var error as OptimizerError {
        error.message = named(error.message)
        error.location.path = path
        throw error
    } catch var error as JSONError {
        error.path = path
        throw error
    }
}
