import ArgumentParser
import Swiftlet
import SwiftletCommandLine
import SwiftletIO

/// What all runs of a sweep have in common: options of 'swiftlet train'. Whatever can be known of them and of the values
/// to search is checked before the first run.
struct SweepTraining {
    /// As they were given, without a 'train' at the beginning.
    let words: [String]
    private let given: [GivenOption]
    private let settings: SweepSettings
    /// The searches as they were written, in the order of the space.
    private let search: [String]

    /// - Throws: `UsageError` for an option that 'train' doesn't have, that the sweep decides itself, or that is searched
    ///   too; for a searched name that 'train' doesn't have, and for a value that it can't take.
    init(_ words: [String], _ settings: SweepSettings, search: [String]) throws {
        self.words = words.first == "train" ? Array(words.dropFirst()) : words
        given = try settled(["train"] + self.words, note: noteOnStandardError).given.options
        (self.settings, self.search) = (settings, search)
        for option in given {
            guard let remedy = remedyInstead(of: option.name), !option.saysNothing else { continue }
            throw UsageError(message: "error: option \(option.title) is for the sweep itself to decide", remedy: remedy)
        }
        var names: Set<TextKey> = []
        for (text, (name, dimension)) in zip(search, settings.space) { try check(text, name, dimension, &names) }
        for seed in settings.seeds { try check("--seeds \(seed)", "seed", String(seed)) }
        if settings.method == .asha {
            try check("--min-epochs", "num_train_epochs", String(settings.minEpochs))
            try check("--max-epochs", "num_train_epochs", String(settings.maxEpochs))
        }
    }

    /// What the runs have in common, by Python's names: what a journal must be of.
    var common: JSONObject {
        JSONObject(
            given.filter { remedyInstead(of: $0.name) == nil }.map {
                ($0.pythonName, .string($0.values.isEmpty ? "true" : $0.values.joined(separator: " ")))
            })
    }

    /// What tables call a metric, as `--metric` of the trainings names it: `f1/macro` for `f1`, where that is the only F1.
    func title(ofMetric name: String) -> String? {
        let key = name.hasPrefix("eval_") ? name.dropFirst("eval_".count) : name[...]
        let asked = given.first { $0.name.isSame(as: "metric") }?.values ?? []
        let own = asked.filter { metric in metric.split(separator: "/").first.map { $0.isSame(as: key) } ?? false }
        return own.count == 1 && !own[0].isSame(as: key) ? own[0] : nil
    }

    /// The words after 'train' of a run.
    func arguments(
        _ values: some Sequence<(String, JSONValue)>, seed: UInt64, epochs: Double?, folder: String
    ) -> [String] {
        var arguments = words
        // Joined, so that a value may begin with a dash.
        for (name, value) in values { arguments.append("--\(name)=\(Self.word(value))") }
        if let epochs { arguments.append("--num-train-epochs=\(epochs)") }
        return arguments + ["--seed=\(seed)", "--output-dir=\(folder)", "--no-report", "--quiet"]
    }

    /// A value as a word of a command line.
    static func word(_ value: JSONValue) -> String { value.string ?? value.text() }

    // MARK: Names and single values

    /// What to do about an option that the sweep decides itself; `nil` for all others.
    private func remedyInstead(of name: String) -> String? {
        switch name {
        case "output-dir": "Each run has a folder of its own below the sweep's --output-dir, which stands before --."
        case "seed": "Give --seeds before --; each setting runs with each of them."
        case "report", "no-report", "slice-column":
            "Runs of a sweep make no report; train once more with the best setting for one."
        case "quiet", "verbose", "json": "What runs say is in their logs; before -- it is about what the sweep says."
        case "dry-run": "Give --dry-run before --: it checks the whole sweep."
        case "resume-from-checkpoint":
            "Each run begins anew; a sweep that was interrupted goes on when the same command is given again."
        case "push-to-hub", "hub-model-id", "hub-private-repo":
            "Runs' models aren't kept; train once more with the best setting, and upload that."
        case "num-train-epochs", "max-steps":
            settings.method == .asha ? "asha decides how long runs are: give --min-epochs and --max-epochs." : nil
        default: nil
        }
    }

    private func fail(_ text: String, _ error: UsageError, remedy: String? = nil) -> UsageError {
        let message = error.message.hasPrefix("error: ") ? String(error.message.dropFirst(7)) : error.message
        return UsageError(message: "error: '\(text)': \(message)", remedy: remedy ?? error.remedy)
    }

    private func check(_ text: String, _ name: String, _ dimension: SearchDimension, _ names: inout Set<TextKey>) throws
    {
        let title = "--search \(text)"
        for (index, value) in dimension.samples.enumerated() {
            let options: [GivenOption]
            do {
                options = try settled(["train", "--\(name)=\(Self.word(value))"], note: { _ in }).given.options
            } catch let error as UsageError { throw fail(title, error) }
            guard let option = options.first else {
                throw fail(
                    title, UsageError(message: "'\(name)' changes nothing here", remedy: "Search something else."))
            }
            if options.count == 1, let text = option.values.first {
                try check(title, option.pythonName, text)
            }
            guard index == 0 else { continue }
            for option in options { try checkName(option, title, &names) }
        }
    }

    private func checkName(_ option: GivenOption, _ title: String, _ names: inout Set<TextKey>) throws {
        if let remedy = remedyInstead(of: option.name) {
            throw fail(title, UsageError(message: "'\(option.name)' is for the sweep itself to decide", remedy: remedy))
        }
        guard names.insert(TextKey(option.name)).inserted else {
            throw fail(title, UsageError(message: "'\(option.name)' is searched twice", remedy: "Name it once."))
        }
        guard let other = given.first(where: { $0.name.isSame(as: option.name) }) else { return }
        // As always, a file's options give way to what is said on the command line.
        if other.isFromFile {
            if !other.saysNothing { noteOnStandardError("\(other.title) gives way to '\(title)'") }
            return
        }
        throw fail(
            title,
            UsageError(message: "\(other.title) stands after -- too", remedy: "Leave it out there, or don't search it.")
        )
    }

    private func check(_ title: String, _ name: String, _ text: String) throws {
        guard let argument = TrainingArgument.named(name) else { return }
        do { _ = try argument.value(parsing: text) } catch {
            throw fail(
                title, UsageError(message: error.message), remedy: "Give only values that 'swiftlet train' takes.")
        }
    }

    // MARK: Values beside each other

    /// Combinations of values that are tried before one counts as refused.
    private static let most = 64

    /// Sees that each value makes a training together with some values of the others.
    ///
    /// - Returns: trainings, so that each value is in one of them.
    func checked(folder: String) throws -> [TrainCommand] {
        let samples = settings.space.map(\.dimension.samples)
        var isFine = samples.map { $0.map { _ in false } }
        var trainings: [TrainCommand] = []
        for place in samples.indices {
            for index in samples[place].indices where !isFine[place][index] {
                var (refusal, isOver): (UsageError?, Bool) = (nil, false)
                for number in 0..<Self.most {
                    guard let choice = combination(number, of: samples, with: index, at: place) else {
                        isOver = true
                        break
                    }
                    let values = choice.indices.map { (settings.space[$0].name, samples[$0][choice[$0]]) }
                    do { trainings.append(try parsed(values, folder)) } catch let error as UsageError {
                        refusal = refusal ?? error
                        continue
                    }
                    for (other, chosen) in choice.enumerated() { isFine[other][chosen] = true }
                    break
                }
                guard let refusal, !isFine[place][index] else { continue }
                // Where nothing works, the same may be wrong without what is searched.
                if !isFine.contains(where: { $0.contains(true) }), let plain = failure({ _ = try parsed([], folder) }),
                    plain.message.isSame(as: refusal.message)
                {
                    throw refusal
                }
                let value = "\(settings.space[place].name) \(Self.word(samples[place][index]))"
                if isOver {
                    throw fail("--search \(search[place])", refusal, remedy: refusal.remedy ?? "Leave \(value) out.")
                }
            }
        }
        return trainings
    }

    /// Sees that the models and the data of trainings are there.
    static func fetchInputs(of trainings: [TrainCommand]) throws {
        var known: Set<TextKey> = []
        for training in trainings { try training.fetchInputs(&known) }
    }

    private func failure(_ work: () throws -> Void) -> UsageError? {
        do { try work() } catch { return error as? UsageError }
        return nil
    }

    /// Choices of all dimensions, one of them given; `nil` after the last.
    private func combination(_ number: Int, of samples: [[JSONValue]], with index: Int, at place: Int) -> [Int]? {
        var rest = number
        let choice = samples.indices.map { other -> Int in
            if other == place { return index }
            defer { rest /= samples[other].count }
            return rest % samples[other].count
        }
        return rest == 0 ? choice : nil
    }

    private func parsed(_ values: [(String, JSONValue)], _ folder: String) throws -> TrainCommand {
        let epochs = settings.method == .asha ? settings.minEpochs : nil
        let words = arguments(values, seed: settings.seeds.first ?? 42, epochs: epochs, folder: folder)
        let command: any ParsableCommand
        do {
            command = try SwiftletCommand.parseAsRoot(try normalized(["train"] + words, note: { _ in }))
        } catch let error as UsageError {
            throw error
        } catch {
            let message = SwiftletCommand.message(for: error)
            throw UsageError(message: message.hasPrefix("error: ") ? message : "error: \(message)")
        }
        // A wish for help or for the version is a command of its own.
        guard let training = command as? TrainCommand else {
            throw UsageError(
                message: "error: what stands after -- is no training",
                remedy: "'swiftlet train --help' lists its options.")
        }
        return training
    }
}

extension GivenOption {
    /// Whether it comes from a file and has the value that it would have without.
    fileprivate var saysNothing: Bool {
        guard isFromFile else { return false }
        guard let standard = TrainingArgument.named(pythonName)?.defaultValue else { return value == false }
        if let number = value.double, let other = standard.double { return number == other }
        return value == standard
    }
}

extension TrainCommand {
    /// Sees that the model and the data are there, and fetches what is on the Hub, before several runs do so at once.
    ///
    /// - Parameter known: what needs no second look.
    fileprivate func fetchInputs(_ known: inout Set<TextKey>) throws {
        if known.insert(TextKey("model \(model) \(modelRevision)")).inserted {
            _ = try HubNames.model(model, revision: modelRevision)
        }
        let names = [data.dataset, data.config, data.trainFile, data.validationFile, data.testFile]
        if known.insert(TextKey("data \(names.map { $0 ?? "" }.joined(separator: " "))")).inserted {
            _ = try data.load()
        }
    }
}
