import SwiftletCheckpoints
import SwiftletIO
import SwiftletNN
import SwiftletTensor

/// Fills a model from the tensors of a folder, by the naming rules of the Python library: old layer-norm names are
/// read, and the backbone's prefix is added or taken away where that makes a name fit.
struct CheckpointLoader {
    let baseModelPrefix: String
    /// What some files of the family have in its place, such as `new`.
    let otherPrefixes: [String]
    let architecture: String
    /// Whether the model is an encoder alone.
    let isBackbone: Bool
    /// Whether linear layers lie in 8 bits in the file.
    let isQuantized: Bool

    func load(_ folder: String, into state: ModelState, ignoreMismatchedSizes: Bool) throws -> LoadReport {
        let file = CheckpointWeights(try WeightFolder(folder), isQuantized: isQuantized)
        var report = LoadReport(architecture: architecture, path: folder)
        // The file's name for each parameter that it gives. Names and shapes are compared for all of them before any
        // parameter gets memory: a configuration that is wrong about its file costs nothing.
        var sources: [String: String] = [:]
        var ties: [(parameter: Parameter, first: String, second: String)] = []
        for name in file.names {
            guard let parameter = parameter(for: name, in: state.store) else {
                // A buffer that old versions saved; it holds nothing but 0, 1, 2, ...
                if !name.hasSuffix("embeddings.position_ids") { report.unexpected.append(name) }
                continue
            }
            if let first = sources[parameter.name] {
                guard parameter.isTied else {
                    throw ModelError(
                        "'\(folder)' holds two tensors for '\(parameter.name)', one of them named '\(name)'",
                        remedy: "Get the model's files again, or save it anew in Python.", kind: .weights,
                        at: ErrorLocation(path: folder, tensor: parameter.name))
                }
                ties.append((parameter, first, name))
                continue
            }
            sources[parameter.name] = name
            let shape = try file.shape(of: name)
            if shape != parameter.shape { report.mismatched.append((parameter.name, shape, parameter.shape)) }
        }
        report.loadedCount = sources.count - report.mismatched.count
        report.missing = state.store.parameters.map(\.name).filter { sources[$0] == nil }
        try check(report, ignoreMismatchedSizes: ignoreMismatchedSizes)
        let fresh = Set(report.mismatched.map(\.name))
        for parameter in state.store.parameters where !fresh.contains(parameter.name) {
            guard let name = sources[parameter.name] else { continue }
            state.store.assign(try file.tensor(name), to: parameter, takesOver: true)
        }
        for tie in ties { try checkTied(tie.parameter, tie.first, tie.second, file, folder) }
        return report
    }

    /// Files of other formats than safetensors hold a tied tensor under both names.
    private func checkTied(
        _ parameter: Parameter, _ first: String, _ second: String, _ file: CheckpointWeights, _ folder: String
    ) throws {
        guard try file.shape(of: second) == parameter.shape, parameter.isInitialized,
            noGrad({
                (try? file.tensor(second)).map { $0.to(parameter.tensor.dtype).eq(parameter.tensor.to(.cpu)).all() }
            }) == true
        else {
            throw ModelError(
                "'\(first)' and '\(second)' in '\(folder)' differ, and config.json says that they are one",
                remedy: "Load with overrides: [\"tie_word_embeddings\": false].",
                commandLine: "Set \"tie_word_embeddings\" to false in config.json.", kind: .weights,
                at: ErrorLocation(path: folder, tensor: first))
        }
    }

    private func check(_ report: LoadReport, ignoreMismatchedSizes: Bool) throws {
        if let (name, inFile, inModel) = report.mismatched.first, !ignoreMismatchedSizes {
            throw ModelError(
                "'\(name)' has shape \(inFile) in '\(report.path)' and \(inModel) in the model",
                remedy: "If the head is to be new, load with ignoreMismatchedSizes: true; else fix config.json.",
                commandLine: "Was this model trained for other labels? Take the one that it was made from, or fix "
                    + "config.json.",
                kind: .weights, at: ErrorLocation(path: report.path, tensor: name))
        }
        // A head may be new, and so may the pooler, which not every checkpoint has; a backbone with holes is no
        // pretrained model.
        let holes = report.missing.filter {
            (isBackbone || $0.hasPrefix("\(baseModelPrefix).")) && !$0.split(separator: ".").contains("pooler")
        }
        if !holes.isEmpty {
            throw ModelError(
                "'\(report.path)' lacks \(holes.count) of the model's tensors, such as '\(holes[0])'",
                remedy: "Is the file complete, and is it of the model that config.json describes?",
                kind: .weights, at: ErrorLocation(path: report.path, tensor: holes[0]))
        }
    }

    private func parameter(for name: String, in store: ParameterStore) -> Parameter? {
        var modern = Self.modernName(name)
        if let extra = otherPrefixes.first(where: { modern.hasPrefix("\($0).") }) {
            modern = String(modern.dropFirst(extra.count + 1))
        }
        let prefix = "\(baseModelPrefix)."
        let candidates =
            [modern, prefix + modern] + (modern.hasPrefix(prefix) ? [String(modern.dropFirst(prefix.count))] : [])
        return candidates.lazy.compactMap { store[$0] ?? store.tiedNames[$0] }.first
    }

    /// Checkpoints converted from TensorFlow name a layer norm's weight `gamma` and its bias `beta`.
    static func modernName(_ name: String) -> String {
        for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
        where name.hasSuffix(old) {
            return name.dropLast(old.count) + new
        }
        return name
    }
}
