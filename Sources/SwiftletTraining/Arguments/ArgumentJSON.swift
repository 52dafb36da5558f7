public import SwiftletIO

extension TrainingArguments {
    /// Every argument under its Python name, for `training_args.json` and for logs.
    public var json: JSONValue {
        .object(JSONObject(TrainingArgument.all.map { ($0.name, $0.value(in: self)) }))
    }

    /// From an object of arguments under their Python names, such as a `training_args.json` or what Python's
    /// `TrainingArguments.to_dict()` gives. Names that are left out have their defaults.
    ///
    /// - Parameter onNote: told about each name that stands for another one, or says what happens anyway.
    /// - Throws: `TrainingError` that names the key: for a name that there is none of, a value that it can't have, and
    ///   one of Python's arguments that is not implemented and set to something else than its default.
    public init(json: JSONValue, onNote: (String) -> Void = { _ in }) throws(TrainingError) {
        guard let object = json.object else {
            throw TrainingError(
                "training arguments are \(json.kind)", remedy: "Give an object of names and values.",
                kind: .invalidArgument)
        }
        self.init()
        for (name, value) in object { try set(name, value, among: object, onNote) }
        try validate()
    }

    /// Sets one argument by its Python name.
    private mutating func set(
        _ name: String, _ value: JSONValue, among object: JSONObject, _ onNote: (String) -> Void
    ) throws(TrainingError) {
        if let argument = TrainingArgument.named(name) {
            // As in Python, null leaves an argument open; here that is its default.
            if value.isNull, argument.defaultValue != .null { return }
            return try argument.set(value, in: &self)
        }
        guard let python = PythonArgument.named(name) else {
            let names = TrainingArgument.all.map(\.name) + PythonArgument.all.map(\.name)
            let near = nearestName(to: name, among: names).map { "Did you mean '\($0)'?" }
            throw TrainingError(
                "there is no training argument '\(name)'", remedy: near, kind: .invalidArgument,
                at: ErrorLocation(option: name))
        }
        if python.isDefault(value) { return }
        switch python.meaning(of: value, others: { object[$0] }) {
        case .settings(let settings, let note):
            if let note { onNote("'\(name)': \(note)") }
            for (name, value) in settings {
                guard let argument = TrainingArgument.named(name) else {
                    throw TrainingError(
                        "'\(name)' is for the command line", remedy: "Leave it out here.", kind: .invalidArgument,
                        at: ErrorLocation(option: name))
                }
                try argument.set(value, in: &self)
            }
        case .anyway(let note):
            if let note { onNote("'\(name)': \(note)") }
        case .refused(let reason):
            let shown = name.hasSuffix("token") ? "is set" : "is \(value.plainText)"
            throw TrainingError(
                "'\(name)' \(shown): it \(reason)", kind: .unsupported, at: ErrorLocation(option: name))
        }
    }
}
