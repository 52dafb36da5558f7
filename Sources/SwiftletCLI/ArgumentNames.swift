import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

/// The command line that ArgumentParser is given: names in `--kebab-case`, Python's other names turned into those that
/// a command has, and the options of a file of arguments before those of the command line.
///
/// Options of the Python stack that are not here are refused with the reason, and those that only say what happens
/// anyway taken with a word; a name that nobody knows is answered with the nearest one. All that is done before
/// anything is found to be missing.
///
/// - Parameter note: told what was taken as something else.
/// - Throws: `UsageError` that names the option as it was written.
package func normalized(_ arguments: [String], note: (String) -> Void = noteOnStandardError) throws -> [String] {
    let (given, count, end) = try settled(arguments, note: note)
    return arguments[..<count] + given.others + (try given.commandLine()) + arguments[end...]
}

/// The options under the names that the command has, how many words name the command, and where the rest begins with `--`.
func settled(
    _ arguments: [String], note: (String) -> Void
) throws -> (given: GivenArguments, count: Int, end: Int) {
    let (shape, count) = try CommandShape.find(arguments)
    let end = arguments[count...].firstIndex(of: "--") ?? arguments.endIndex
    var given = GivenArguments(Array(arguments[count..<end]), shape)
    if shape.path == "train", let file = given.takeArgumentsFile() {
        let inFile = try ArgumentsFile(file).options
        // What is said by any of its names on the command line wins.
        let settled = try given.settled(beside: inFile, note)
        let names = Set(settled.map(\.name))
        let others = try GivenArguments(options: inFile, shape).settled(beside: given.options, note)
        given.options = others.filter { !names.contains($0.name) } + settled
    } else {
        given.options = try given.settled(beside: [], note)
    }
    return (given, count, end)
}

extension GivenOption {
    /// From a file of arguments.
    init(key: String, _ value: JSONValue) {
        self.init(
            spelling: key, name: key.replacing("_", with: "-"), values: value.isNull ? [] : Self.texts(value),
            isFromFile: true)
    }

    static func texts(_ value: JSONValue) -> [String] {
        if let elements = value.array { return elements.map { $0.string ?? $0.text() } }
        return [value.string ?? value.text()]
    }

    /// Whether `label_names` has Python's meaning.
    var namesPythonLabels: Bool {
        guard case .anyway? = PythonArgument.named("label_names")?.meaning(of: value, others: { _ in nil }) else {
            return false
        }
        return true
    }

    var pythonName: String { name.replacing("-", with: "_") }

    /// The value as JSON has it.
    var value: JSONValue {
        func one(_ text: String) -> JSONValue {
            if text == "null" || text == "None" { return .null }
            if let truth = ["true": true, "false": false][text.lowercased()] { return .bool(truth) }
            if let number = Int(text) { return .int(number) }
            if let number = Double(text), number.isFinite { return .double(number) }
            if text.hasPrefix("{") || text.hasPrefix("["), let value = try? JSONValue(parsing: text) { return value }
            return .string(text)
        }
        return switch values.count {
        case 0: isFromFile ? [] : true
        case 1: one(values[0])
        default: .array(values.map(one))
        }
    }
}

extension GivenArguments {
    init(_ words: [String], _ shape: CommandShape) { self.init(words, shape, form: Self.formOfOthers) }

    /// How an option is written that the command does not have, of whoever knows it.
    private static func formOfOthers(_ name: String) -> CommandShape.Form {
        let python = name.replacing("-", with: "_")
        if let argument = PythonArgument.ofCommandLine(python) { return argument.isFlag ? .flag : .list }
        if case .flag? = TrainingArgument.named(python)?.form { return .flag }
        return PythonArgument.switchedOff(name) == nil ? .list : .flag
    }

    /// The first word that names a file of arguments.
    mutating func takeArgumentsFile() -> String? {
        guard let place = others.firstIndex(where: { ArgumentsFile.isOne($0) }) else { return nil }
        return others.remove(at: place)
    }

    // MARK: Names

    /// The options under the names that the command has.
    ///
    /// - Parameter others: options given elsewhere, which the meaning of one may depend on.
    func settled(beside others: [GivenOption], _ note: (String) -> Void) throws -> [GivenOption] {
        var values: [String: (value: JSONValue, from: String)] = [:]
        for option in others + options {
            let name = option.pythonName
            values[name] = (option.value, name)
            if case .settings(let settings, _)? = PythonArgument.ofCommandLine(name)?
                .meaning(of: option.value, others: { _ in nil })
            {
                for setting in settings { values[setting.name] = (setting.value, name) }
            }
        }
        // What an option itself stands for is none of the others.
        return try options.flatMap { option in
            func other(_ name: String) -> JSONValue? {
                guard let known = values[name], known.from != option.pythonName else { return .none }
                return known.value
            }
            return try settle(option, other, note)
        }
    }

    private func settle(
        _ option: GivenOption, _ others: (String) -> JSONValue?, _ note: (String) -> Void
    ) throws -> [GivenOption] {
        let python = PythonArgument.ofCommandLine(option.pythonName)
        let isOwn = shape.options[option.name] != nil
        if option.isFromFile, option.value.isNull || option.values.isEmpty || option.values == [""] { return [] }
        // In Python these are inputs of the model, here the names of classes.
        if isOwn, option.name != "label-names" || !option.namesPythonLabels { return [option] }
        if !isOwn, shape.path == "train", let argument = TrainingArgument.named(option.pythonName),
            argument.isForPrograms
        {
            try noteForPrograms(argument, of: option, note)
            return []
        }
        if !isOwn, let refusal = try refusal(option.name) {
            let remedy = shape.path.isSame(as: "sweep") ? "What each training is given stands after --." : nil
            throw UsageError(message: "error: option \(option.title) \(refusal)", remedy: remedy)
        }
        if let python {
            let value = (python.isFlag ? option.values.first.flatMap { JSONValue(truth: $0) } : nil) ?? option.value
            switch python.meaning(of: value, others: others) {
            case _ where option.isFromFile && python.isDefault(value): return []
            case .anyway(let text):
                if let text { note("\(option.title): \(text)") }
                return []
            case .refused(let reason):
                throw UsageError(message: "error: option \(option.title) \(reason)")
            case .settings(let settings, _):
                let new = settings.map { setting in
                    GivenOption(
                        spelling: option.spelling, name: setting.name.replacing("_", with: "-"),
                        values: GivenOption.texts(setting.value), isFromFile: option.isFromFile, file: option.file)
                }
                let isSaid = { $0 == ["true"] || $0 == GivenOption.texts(value) }
                let words = new.map { ["--\($0.name)"] + (isSaid($0.values) ? [] : $0.values) }
                let text = words.map { "'\($0.joined(separator: " "))'" }.joined(separator: " and ")
                if let missing = new.first(where: { shape.options[$0.name] == nil }) {
                    let reason = try refusal(missing.name) ?? "is now \(text), which \(program) does not have"
                    throw UsageError(message: "error: option \(option.title) \(reason)")
                }
                // A file of options has Python's names, and not by mistake.
                if !option.isFromFile { note("\(option.title) is now \(text)") }
                return new
            }
        }
        if let off = PythonArgument.switchedOff(option.name) {
            return try settle(
                GivenOption(
                    spelling: option.spelling, name: off, values: ["false"], isFromFile: option.isFromFile,
                    file: option.file), others, note)
        }
        let known = shape.options.keys + PythonArgument.namesOfCommandLine
        throw UsageError(
            message: "error: there is no option \(option.title) of \(program)",
            remedy: nearestName(to: option.name, among: known.sorted()).map { near in
                "Did you mean '\(option.isFromFile ? "" : "--")\(option.spelling.contains("_") ? near.replacing("-", with: "_") : near)'?"
            } ?? "\(program) lists them with --help.")
    }

    /// Checks an argument that only a program can make use of, and says so.
    private func noteForPrograms(
        _ argument: TrainingArgument, of option: GivenOption, _ note: (String) -> Void
    ) throws {
        var value = option.value
        if argument.form == .list, value.array == nil { value = .array([value]) }
        if case .flag = argument.form { value = option.values.first.flatMap { JSONValue(truth: $0) } ?? value }
        var scratch = TrainingArguments()
        do { try argument.set(value, in: &scratch) } catch {
            throw UsageError(message: "error: option \(option.title): \(error.message)", remedy: error.remedy)
        }
        // A file of options writes down what nobody asked for.
        guard !option.isFromFile || value != argument.defaultValue else { return }
        note("\(option.title) is for a metric of one's own, in a program; those of the command line work without it")
    }

    /// Why an option of a training is none of this command.
    private func refusal(_ name: String) throws -> String? {
        guard shape.path != "train", try CommandShape.ofTraining().options[name] != nil else { return nil }
        return "is one of 'swiftlet train', not of \(program)"
    }

    private var program: String { shape.path.isEmpty ? "'swiftlet'" : "'swiftlet \(shape.path)'" }
}

extension CommandShape {
    /// The command of this program that the first words name, and how many words these are.
    ///
    /// - Throws: `UsageError` for a word that is no command.
    static func find(_ words: [String]) throws -> (shape: CommandShape, count: Int) {
        try find(words, of: SwiftletCommand.self, isValueOrFlag: isValueOrFlag)
    }

    /// What `swiftlet train` takes, which has the most.
    static func ofTraining() throws -> CommandShape {
        try CommandShape(TrainCommand.self, path: ["train"], isValueOrFlag: isValueOrFlag)
    }

    private static func isValueOrFlag(_ name: String) -> Bool {
        TrainingArgument.named(name.replacing("-", with: "_"))?.form == .valueOrFlag
    }
}
