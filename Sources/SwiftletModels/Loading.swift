import SwiftletIO
import SwiftletNN
import SwiftletTensor

/// Fills a model from the tensors of a folder, by the naming rules of the Python library: old layer-norm names are
/// read, and the backbone's prefix is added or taken away where that makes a name fit.
struct CheckpointLoader {
    let baseModelPrefix: String
    let architecture: String

    func load(_ folder: String, into state: ModelState, ignoreMismatchedSizes: Bool) throws -> LoadReport {
        let file = try ShardedSafetensors(folder)
        var report = LoadReport(architecture: architecture, path: folder)
        var loaded = Set<String>()
        for name in file.names {
            guard let parameter = parameter(for: name, in: state) else {
                // A buffer that old versions saved; it holds nothing but 0, 1, 2, ...
                if !name.hasSuffix("embeddings.position_ids") { report.unexpected.append(name) }
                continue
            }
            guard loaded.insert(parameter.name).inserted else {
                throw ModelError("'\(folder)' holds two tensors for '\(parameter.name)', one of them named '\(name)'")
            }
            let shape = try file.shape(of: name)
            if shape != parameter.shape {
                report.mismatched.append((parameter.name, shape, parameter.shape))
                continue
            }
            state.assign(try file.tensor(name), to: parameter)
        }
        report.loadedCount = loaded.count - report.mismatched.count
        report.missing = state.parameters.map(\.name).filter { !loaded.contains($0) }
        try check(report, state: state, ignoreMismatchedSizes: ignoreMismatchedSizes)
        return report
    }

    private func check(_ report: LoadReport, state: ModelState, ignoreMismatchedSizes: Bool) throws {
        if let (name, inFile, inModel) = report.mismatched.first, !ignoreMismatchedSizes {
            throw ModelError(
                "'\(name)' has shape \(inFile) in '\(report.path)' and \(inModel) in the model",
                remedy: "If the head is to be new, load with ignoreMismatchedSizes: true; else fix config.json.")
        }
        // A head may be new, and so may the pooler, which not every checkpoint has; a backbone with holes is no
        // pretrained model.
        let holes = report.missing.filter { $0.hasPrefix("\(baseModelPrefix).") && !$0.contains(".pooler.") }
        if !holes.isEmpty {
            throw ModelError(
                "'\(report.path)' lacks \(holes.count) of the model's tensors, such as '\(holes[0])'",
                remedy: "Is the file complete, and is it of the model that config.json describes?")
        }
    }

    private func parameter(for name: String, in state: ModelState) -> Parameter? {
        let modern = Self.modernName(name)
        if let parameter = state[modern] { return parameter }
        if let parameter = state["\(baseModelPrefix).\(modern)"] { return parameter }
        let prefix = "\(baseModelPrefix)."
        return modern.hasPrefix(prefix) ? state[String(modern.dropFirst(prefix.count))] : nil
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
