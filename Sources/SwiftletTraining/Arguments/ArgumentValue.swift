import SwiftletIO
import SwiftletNN
import SwiftletTensor

/// A type that the value of a training argument can have.
protocol ArgumentValue: Sendable, Equatable {
    static var form: TrainingArgument.Form { get }
    /// The end of "it must be".
    static var expectation: String { get }
    /// All texts that stand for a value, where these can be listed.
    static var choices: [String] { get }
    /// From the text of a command line; of a list, one element.
    static func argument(parsing text: String) -> JSONValue?
    init?(argument: JSONValue)
    var argument: JSONValue { get }
}

extension ArgumentValue {
    static var form: TrainingArgument.Form { .value }
    static var choices: [String] { [] }
}

extension Int: ArgumentValue {
    static var expectation: String { "a whole number" }
    static func argument(parsing text: String) -> JSONValue? { Int(text).map(JSONValue.int) }
    init?(argument: JSONValue) {
        guard let number = argument.int else { return nil }
        self = number
    }
    var argument: JSONValue { .int(self) }
}

extension UInt64: ArgumentValue {
    static var expectation: String { "a whole number from 0" }
    static func argument(parsing text: String) -> JSONValue? {
        UInt64(text).flatMap { Int(exactly: $0) }.map(JSONValue.int)
    }
    init?(argument: JSONValue) {
        guard let number = argument.int.flatMap({ UInt64(exactly: $0) }) else { return nil }
        self = number
    }
    var argument: JSONValue { .int(Int(clamping: self)) }
}

extension Double: ArgumentValue {
    static var expectation: String { "a number" }
    static func argument(parsing text: String) -> JSONValue? { Double(text).map(JSONValue.double) }
    init?(argument: JSONValue) {
        guard let number = argument.double else { return nil }
        self = number
    }
    var argument: JSONValue { .double(self) }
}

extension Bool: ArgumentValue {
    static var form: TrainingArgument.Form { .flag(isOn: false) }
    static var expectation: String { "true or false" }
    static func argument(parsing text: String) -> JSONValue? { JSONValue(truth: text) }
    init?(argument: JSONValue) {
        guard let value = argument.bool else { return nil }
        self = value
    }
    var argument: JSONValue { .bool(self) }
}

extension String: ArgumentValue {
    static var expectation: String { "a text" }
    static func argument(parsing text: String) -> JSONValue? { .string(text) }
    init?(argument: JSONValue) {
        guard let text = argument.string else { return nil }
        self = text
    }
    var argument: JSONValue { .string(self) }
}

extension JSONObject: ArgumentValue {
    static var expectation: String { "a JSON object, such as {\"num_cycles\": 2}" }
    static func argument(parsing text: String) -> JSONValue? {
        guard let value = try? JSONValue(parsing: text), value.object != nil else { return nil }
        return value
    }
    init?(argument: JSONValue) {
        if argument.isNull {
            self.init()
            return
        }
        guard let object = argument.object else { return nil }
        self = object
    }
    var argument: JSONValue { .object(self) }
}

extension Optional: ArgumentValue where Wrapped: ArgumentValue {
    static var form: TrainingArgument.Form {
        if case .flag = Wrapped.form { .valueOrFlag } else { Wrapped.form }
    }
    static var expectation: String { Wrapped.expectation }
    static var choices: [String] { Wrapped.choices }
    static func argument(parsing text: String) -> JSONValue? { Wrapped.argument(parsing: text) }
    init?(argument: JSONValue) {
        if argument.isNull {
            self = .none
            return
        }
        guard let value = Wrapped(argument: argument) else { return nil }
        self = value
    }
    var argument: JSONValue { map(\.argument) ?? .null }
}

extension Array: ArgumentValue where Element: ArgumentValue {
    static var form: TrainingArgument.Form { .list }
    static var expectation: String { "a list, each element \(Element.expectation)" }
    static var choices: [String] { Element.choices }
    static func argument(parsing text: String) -> JSONValue? { Element.argument(parsing: text) }
    init?(argument: JSONValue) {
        guard let elements = argument.array else { return nil }
        self = []
        for element in elements {
            guard let value = Element(argument: element) else { return nil }
            append(value)
        }
    }
    var argument: JSONValue { .array(map(\.argument)) }
}

extension Set: ArgumentValue where Element: ArgumentChoice {
    static var form: TrainingArgument.Form { .list }
    static var expectation: String { "a list, each element \(Element.expectation)" }
    static var choices: [String] { Element.choices }
    static func argument(parsing text: String) -> JSONValue? { Element.argument(parsing: text) }
    init?(argument: JSONValue) {
        guard let elements = [Element](argument: argument) else { return nil }
        self = Set(elements)
    }
    /// In the order of the choices, so that the same set has the same text.
    var argument: JSONValue { .array(Element.allCases.filter(contains).map(\.argument)) }
}

/// An enumeration whose raw values are the texts of Python.
protocol ArgumentChoice: ArgumentValue, RawRepresentable<String>, CaseIterable, Hashable {}

extension ArgumentChoice {
    static var expectation: String { "one of \(choices.joined(separator: ", "))" }
    static var choices: [String] { allCases.map(\.rawValue) }
    static func argument(parsing text: String) -> JSONValue? { Self(rawValue: text)?.argument }
    init?(argument: JSONValue) {
        guard let value = argument.string.flatMap(Self.init(rawValue:)) else { return nil }
        self = value
    }
    var argument: JSONValue { .string(rawValue) }
}

extension IntervalStrategy: ArgumentChoice {}
extension SaveStrategy: ArgumentChoice {}
extension OptimizerName: ArgumentChoice {}
extension SamplingStrategy: ArgumentChoice {}
extension MetricInclude: ArgumentChoice {}
extension SchedulerType: ArgumentChoice {}
extension Kernels: ArgumentChoice {}
