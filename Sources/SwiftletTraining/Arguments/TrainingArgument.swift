public import SwiftletIO
import SwiftletRunLog

/// One argument of a training: its name in Python, the values it takes, and what it is for.
///
/// `all` is the one source of the JSON of `TrainingArguments`, of its checks, and of the command line's options and
/// help.
public struct TrainingArgument: Sendable {
    /// Under which heading the command line lists it.
    public enum Section: String, Sendable, CaseIterable {
        /// Folders, reports and the Hub.
        case output
        /// Epochs, updates and batch sizes.
        case length
        /// Learning rate, schedule and optimizer.
        case optimizer
        /// What is added to the loss, or how it is weighted.
        case loss
        /// Precision, kernels and memory.
        case speed
        /// What is logged, when and where.
        case logging
        /// When the model is evaluated, and what counts as best.
        case evaluation
        /// When checkpoints are written, and which are kept.
        case checkpoints
        /// The order of rows, and how batches are made of them.
        case rows
        /// Several processes.
        case processes
    }

    /// How it is written on a command line.
    public enum Form: Sendable, Equatable {
        /// The name alone; `isOn` is the default.
        case flag(isOn: Bool)
        /// The name and a value.
        case value
        /// The name and a value, or the name alone, which means true.
        case valueOrFlag
        /// The name and any number of values.
        case list
    }

    /// What an argument is about, beyond the results of its own run.
    public enum Trait: Sendable {
        /// Each of several processes may have a value of its own.
        case mayDifferBetweenProcesses
        /// Decides neither weights nor results.
        case changesNoResult
        /// Of use only to code: no option of the command line.
        case forPrograms
    }

    /// As in Python, such as `learning_rate`.
    public let name: String
    /// Under which heading help lists it.
    public let section: Section
    /// What the command line takes for it, and how help shows it.
    public let form: Form
    /// All texts it takes, where these can be listed; else empty.
    public let choices: [String]
    /// One line for the command line's help.
    public let help: String
    let traits: Set<Trait>
    let read: @Sendable (TrainingArguments) -> JSONValue
    let write: @Sendable (inout TrainingArguments, JSONValue) throws(TrainingError) -> Void
    let check: @Sendable (TrainingArguments) throws(TrainingError) -> Void
    let parse: @Sendable (String) -> JSONValue?
    /// The end of "it must be", for a value of another kind.
    let expectation: String

    /// On the command line: `--learning-rate`.
    public var option: String { "--\(name.replacing("_", with: "-"))" }

    /// Whether only a program can make use of it, not a command line.
    public var isForPrograms: Bool { traits.contains(.forPrograms) }

    /// The value that arguments have if nothing is said.
    public var defaultValue: JSONValue { read(TrainingArguments()) }

    /// The value in a run's arguments.
    public func value(in arguments: TrainingArguments) -> JSONValue { read(arguments) }

    /// Sets the value, and checks it.
    ///
    /// - Throws: `TrainingError` that names the argument, for a value of another kind or outside its range.
    public func set(_ value: JSONValue, in arguments: inout TrainingArguments) throws(TrainingError) {
        try write(&arguments, value)
        try check(arguments)
    }

    /// A value from the text of a command line; of a list, one element.
    ///
    /// - Throws: `TrainingError` that names the argument.
    public func value(parsing text: String) throws(TrainingError) -> JSONValue {
        guard let value = parse(text) else {
            throw TrainingError(
                "\(name) is '\(text)'; it must be \(expectation)", remedy: "Correct it, or leave it out.",
                kind: .invalidArgument, at: ErrorLocation(option: name))
        }
        var arguments = TrainingArguments()
        try set(form == .list ? .array([value]) : value, in: &arguments)
        return value
    }

    /// The argument of a name; `nil` for a name that no property of `TrainingArguments` has.
    public static func named(_ name: String) -> TrainingArgument? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// What a value must be beyond its type.
struct ArgumentRule<Value: Sendable>: Sendable {
    /// The end of "it must be".
    let text: String
    let holds: @Sendable (Value) -> Bool

    init(_ text: String, _ holds: @escaping @Sendable (Value) -> Bool) {
        self.text = text
        self.holds = holds
    }
}

extension ArgumentRule where Value == Int {
    /// Whole numbers from the least on. Where no top is given it is 2^53, up to which a `Double` counts exactly.
    static func from(_ least: Int, to most: Int = 1 << 53) -> ArgumentRule {
        ArgumentRule(most == 1 << 53 ? "at least \(least)" : "from \(least) to \(most)") { (least...most).contains($0) }
    }
}

extension ArgumentRule where Value == Double {
    /// Numbers whose products with each other still are float32; infinity and "not a number" fail every rule.
    static func from(_ least: Double, to most: Double = 1e15) -> ArgumentRule {
        ArgumentRule("a number from \(shown(least)) to \(shown(most))") { (least...most).contains($0) }
    }

    private static func shown(_ number: Double) -> String { NumberText.significant(number, digits: 6) }

    static func from(_ least: Double, below limit: Double) -> ArgumentRule {
        ArgumentRule("at least \(shown(least)) and below \(shown(limit))") { (least..<limit).contains($0) }
    }

    /// A number of steps, or below 1 a share of all. As in Python, numbers above 1 are whole.
    static let steps = ArgumentRule("a whole number of steps, at most 2^53, or a share of all steps below 1") {
        $0 >= 0 && $0 <= 0x1p53 && ($0 <= 1 || $0 == $0.rounded())
    }
}

extension TrainingArgument {
    typealias Path<Value> = any WritableKeyPath<TrainingArguments, Value> & Sendable

    /// - Parameters:
    ///   - rule: what the value must be beyond its type.
    ///   - synonyms: other ways to write a value, as Python has them.
    static func argument<Value: ArgumentValue>(
        _ name: String, _ path: Path<Value>, _ section: Section, _ rule: ArgumentRule<Value>? = nil, form: Form? = nil,
        synonyms: [String: JSONValue] = [:], traits: Set<Trait> = [],
        adapting: @escaping @Sendable (Value) -> Value = { $0 },
        help: String
    ) -> TrainingArgument {
        make(name, path, section, form: form, synonyms: synonyms, traits: traits, adapting: adapting, help) { value in
            rule.flatMap { $0.holds(value) ? nil : $0.text }
        }
    }

    /// An argument that may be left open; the rule is for values that are given.
    static func argument<Value: ArgumentValue>(
        _ name: String, _ path: Path<Value?>, _ section: Section, _ rule: ArgumentRule<Value>, form: Form? = nil,
        traits: Set<Trait> = [], help: String
    ) -> TrainingArgument {
        make(name, path, section, form: form, synonyms: [:], traits: traits, adapting: { $0 }, help) { value in
            value.flatMap { rule.holds($0) ? nil : rule.text }
        }
    }

    private static func make<Value: ArgumentValue>(
        _ name: String, _ path: Path<Value>, _ section: Section, form: Form?, synonyms: [String: JSONValue],
        traits: Set<Trait>, adapting: @escaping @Sendable (Value) -> Value, _ help: String,
        broken: @escaping @Sendable (Value) -> String?
    ) -> TrainingArgument {
        let expectation = ([Value.expectation] + synonyms.keys.sorted()).joined(separator: " or ")
        var form = form ?? Value.form
        if case .flag = form { form = .flag(isOn: Value(argument: true) == TrainingArguments()[keyPath: path]) }
        return TrainingArgument(
            name: name, section: section, form: form, choices: Value.choices, help: help, traits: traits,
            read: { $0[keyPath: path].argument },
            write: { (arguments, json) throws(TrainingError) in
                let json = json.string.flatMap { synonyms[$0] } ?? json
                guard let value = Value(argument: json) else {
                    throw TrainingError(
                        "\(name) is \(json.text()); it must be \(expectation)", remedy: "Correct it, or leave it out.",
                        kind: .invalidArgument, at: ErrorLocation(option: name))
                }
                arguments[keyPath: path] = adapting(value)
            },
            check: { (arguments) throws(TrainingError) in
                let value = arguments[keyPath: path]
                if let rule = broken(value) {
                    throw TrainingError(
                        "\(name) is \(value.argument.plainText); it must be \(rule)",
                        remedy: "Correct it, or leave it out.", kind: .invalidArgument, at: ErrorLocation(option: name))
                }
            },
            parse: { text in synonyms[text] ?? Value.argument(parsing: text) }, expectation: expectation)
    }
}

extension JSONValue {
    /// As a message shows it: a text without quotes.
    var plainText: String { string ?? text() }
}
