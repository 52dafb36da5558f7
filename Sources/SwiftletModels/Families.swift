import SwiftletNN

/// The model families. A new one takes a folder with its encoder, and its line here.
enum Families {
    static var all: [any Encoder.Type] {
        [
            AlbertModel.self, BertModel.self, DebertaModel.self, DistilBertModel.self, ElectraModel.self, ModernBertModel.self,
            MPNetModel.self, RobertaModel.self,
        ]
    }

    /// The encoder class for a configuration.
    ///
    /// - Throws: `ModelError` naming the `model_type` that is not implemented.
    static func family(_ config: ModelConfig) throws -> any Encoder.Type {
        let type = try config.modelType
        guard let family = all.first(where: { $0.classNames[type] != nil }) else {
            throw ModelError(
                "'model_type' in '\(config.path)' is '\(type)', which is not implemented",
                remedy: "Known are \(all.flatMap { $0.classNames.keys }.sorted().joined(separator: ", ")).",
                kind: .unsupported)
        }
        return family
    }

    /// Where a model's parameters begin.
    static func root(_ config: ModelConfig, _ state: ModelState) throws -> Scope {
        Scope(state, initializerRange: try config.double("initializer_range", default: 0.02))
    }

    /// The encoder of a model, under its prefix where there is a head.
    static func encoder(_ config: ModelConfig, for task: ModelTask?, in root: Scope) throws -> any Encoder {
        let family = try family(config)
        return try family.init(config, for: task, in: task == nil ? root : root / family.baseModelPrefix)
    }
}
