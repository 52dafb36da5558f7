import Swiftlet
import SwiftletIO
import SwiftletServe

/// What a model multiplies in.
private enum Precision: String, CaseIterable {
    case float32, bf16, int8
}

extension ServeCommand {
    /// The models of the command line, each with its task and with how it runs.
    ///
    /// - Throws: `ServerError` for options that name no model, or make no sense for it.
    func sources() throws -> [ModelSource] {
        let tasks = try perModel(task, option: "--task", example: "NAME=TASK")
        let precisions = try perModel(precision, option: "--precision", example: "NAME=int8").mapValues { text in
            guard let precision = Precision(rawValue: text.lowercased()) else {
                throw ServerError(
                    "--precision is '\(text)'",
                    remedy: "Give one of \(Precision.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            return precision
        }
        let device: Device = !useCpu && Device.isCUDAAvailable ? .cuda() : .cpu
        let sources = try model.map { text in
            let (name, path) = named(text)
            var source = ModelSource(path, name: name, revision: revision)
            source.task = tasks[source.name] ?? tasks[""]
            let usual: Precision = int8 ? .int8 : bf16 ? .bf16 : .float32
            let precision = precisions[source.name] ?? precisions[""] ?? usual
            guard precision != .int8 || device == .cpu else {
                throw ServerError("8-bit products are for the CPU", remedy: "Give --use-cpu too.")
            }
            source.options = InferenceOptions(
                device: device, bf16: precision == .bf16, int8: precision == .int8, tokenBudget: maxBatchTokens,
                ownsWeights: true)
            return source
        }
        for (option, names) in [("--task", Array(tasks.keys)), ("--precision", Array(precisions.keys))] {
            for name in names where !name.isEmpty && !sources.contains(where: { $0.name == name }) {
                throw ServerError(
                    "\(option) names '\(name)', which is no model",
                    remedy: "The models are \(sources.map { "'\($0.name)'" }.joined(separator: ", ")).")
            }
        }
        return sources
    }

    /// The values of an option by the names of models; under "" one that names none, which the only model has.
    private func perModel(_ values: [String], option: String, example: String) throws -> [String: String] {
        var byName: [String: String] = [:]
        for text in values {
            let (name, value) = named(text)
            guard name != nil || model.count == 1 else {
                throw ServerError(
                    "\(option) \(text) doesn't say of which model",
                    remedy: "Write \(option) \(example) with several models.")
            }
            guard byName.updateValue(value, forKey: name ?? "") == nil else {
                throw ServerError(
                    "\(option) is given twice\(name.map { " for '\($0)'" } ?? "")", remedy: "Leave one of both out.")
            }
        }
        return byName
    }

    /// `name=path` in two; a path may hold `=` itself.
    private func named(_ text: String) -> (name: String?, rest: String) {
        guard let place = text.firstIndex(of: "="), !text[..<place].contains("/"), !FileSystem.exists(text) else {
            return (nil, text)
        }
        return (String(text[..<place]), String(text[text.index(after: place)...]))
    }
}
