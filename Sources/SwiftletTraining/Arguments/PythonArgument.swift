public import SwiftletIO

/// A name that Python's `TrainingArguments` or its example scripts take, or took in version 4, and that is not honoured
/// here under that name: it stands for another one, says what happens anyway, or is refused with the reason.
public struct PythonArgument: Sendable {
    /// What a value means.
    public enum Meaning: Sendable {
        /// Other arguments.
        case settings([(name: String, value: JSONValue)], note: String?)
        /// What happens anyway, with what is to be said about it, if anything.
        case anyway(note: String?)
        /// The reason and the way out, as what follows "it".
        case refused(String)
    }

    /// As in Python, such as `evaluation_strategy`.
    public let name: String
    /// Whether a command line may have the name without a value, which means true.
    public let isFlag: Bool
    /// What Python has if nothing is said, or writes into its files then: asks for nothing.
    let defaults: [JSONValue]
    let decide: @Sendable (JSONValue, (String) -> JSONValue?) -> Meaning

    package init(
        _ name: String, isFlag: Bool = false, default defaults: JSONValue...,
        decide: @escaping @Sendable (_ value: JSONValue, _ others: (String) -> JSONValue?) -> Meaning
    ) {
        self.name = name
        self.isFlag = isFlag
        self.defaults = defaults
        self.decide = decide
    }

    /// Whether a value is what Python has without the argument.
    public func isDefault(_ value: JSONValue) -> Bool {
        value.isNull || value == "" || value == [] || value == [:] || defaults.contains { $0.means(value) }
            // Python hides tokens in what it writes, also where there is none.
            || name.hasSuffix("token") && value == .string("<\(name.uppercased())>")
    }

    /// - Parameter others: gives the values of arguments beside this one.
    public func meaning(of value: JSONValue, others: (String) -> JSONValue?) -> Meaning { decide(value, others) }

    /// The argument of a name; `nil` if it is none of Python's that need a word.
    public static func named(_ name: String) -> PythonArgument? { byName[name] }

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    // MARK: The usual kinds

    /// Another name for the same.
    package static func renamed(_ name: String, _ new: String, isFlag: Bool = false) -> PythonArgument {
        PythonArgument(name, isFlag: isFlag, default: isFlag ? false : nil) { value, _ in
            .settings([(new, value)], note: "it is '\(new)' now")
        }
    }

    /// - Parameters:
    ///   - value: the only one that can be had.
    ///   - note: why it says nothing new.
    ///   - reason: what follows "it" where another value is refused.
    package static func only(
        _ name: String, _ values: JSONValue..., isFlag: Bool = false, default standard: JSONValue = nil, note: String,
        else reason: String
    ) -> PythonArgument {
        PythonArgument(name, isFlag: isFlag, default: standard) { value, _ in
            values.contains { $0.means(value) } ? .anyway(note: note) : .refused(reason)
        }
    }

    /// Whatever is asked beyond Python's default is refused.
    package static func refused(
        _ name: String, isFlag: Bool = false, default standard: JSONValue = nil, _ reason: String
    ) -> PythonArgument {
        PythonArgument(name, isFlag: isFlag, default: standard) { value, _ in
            isFlag && value == false ? .anyway(note: nil) : .refused(reason)
        }
    }
}

extension JSONValue {
    /// Whether two values mean the same: `1` and `1.0` do.
    package func means(_ other: JSONValue) -> Bool {
        if let a = double, let b = other.double { return a == b }
        return self == other
    }
}
