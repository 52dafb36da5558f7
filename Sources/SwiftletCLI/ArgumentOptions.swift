import ArgumentParser
import Swiftlet
import SwiftletIO

/// A section of the table of training arguments as options of a command: names, help, defaults and checks are those of
/// the table.
protocol ArgumentOptions: ParsableArguments, CustomReflectable {
    static var section: TrainingArgument.Section { get }
    /// What was given on the command line, by Python's names.
    var given: [String: JSONValue] { get set }
}

extension ArgumentOptions {
    static var arguments: [TrainingArgument] {
        TrainingArgument.all.filter { $0.section == section && !$0.isForPrograms }
    }

    init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: ArgumentKey.self)
        for argument in Self.arguments {
            let key = ArgumentKey(stringValue: argument.name)
            switch argument.form {
            case .flag(let isOn):
                let value = try container.decode(Flag<Bool>.self, forKey: key).wrappedValue
                if value != isOn { given[argument.name] = .bool(value) }
            case .value, .valueOrFlag:
                let text = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                if let text { given[argument.name] = try argument.value(parsing: text) }
            case .list:
                let texts = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                if !texts.isEmpty { given[argument.name] = .array(try texts.map(argument.value(parsing:))) }
            }
        }
    }

    /// ArgumentParser finds a command's options by looking at its properties; these are made from the table.
    var customMirror: Mirror {
        Mirror(self, children: Self.arguments.map { (label: $0.name, value: $0.definition) })
    }

    func apply(to args: inout TrainingArguments) throws {
        for argument in Self.arguments {
            if let value = given[argument.name] { try argument.set(value, in: &args) }
        }
    }
}

struct ArgumentKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension TrainingArgument {
    /// An option or a flag that looks in `--help` as one written by hand.
    fileprivate var definition: Any {
        let spelling: NameSpecification = [.customLong(String(option.dropFirst(2)))]
        let text = ArgumentHelp(stringLiteral: helpText)
        let completion: CompletionKind? = name == "output_dir" ? .directory : choices.isEmpty ? nil : .list(choices)
        // Checked at once, so that the message names the option; decoding reads it again.
        let check: @Sendable (String) throws -> String = { [self] text in
            do throws(TrainingError) { _ = try value(parsing: text) } catch { throw ValidationError(error.message) }
            return text
        }
        switch form {
        case .flag(isOn: false): return Flag(wrappedValue: false, name: spelling, help: text)
        case .flag(isOn: true): return Flag(wrappedValue: true, name: spelling, inversion: .prefixedNo, help: text)
        case .list:
            return Option<[String]>(
                wrappedValue: [], name: spelling, parsing: .upToNextOption, help: text, completion: completion,
                transform: check)
        case .value, .valueOrFlag:
            return Option<String?>(
                wrappedValue: nil, name: spelling, help: text, completion: completion, transform: check)
        }
    }

    private var helpText: String {
        var parts = [help]
        if !choices.isEmpty { parts.append(choices.joined(separator: ", ") + ".") }
        if form == .value {
            switch defaultValue {
            case .null, .object, .string(""): break
            case .double(let number) where number == number.rounded() && abs(number) < 1e15:
                parts.append("(default: \(Int(exactly: number) ?? 0))")
            case let value: parts.append("(default: \(value.string ?? value.text()))")
            }
        }
        return parts.joined(separator: " ")
    }
}
