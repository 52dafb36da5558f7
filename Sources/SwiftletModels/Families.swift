import SwiftletIO
import SwiftletNN
import Synchronization

/// The model families: those of this module, and what was registered beside them.
enum Families {
    /// A new family of this module takes a folder with its encoder, and its line here.
    private static var builtIn: [any Encoder.Type] {
        [
            AlbertModel.self, BertModel.self, DebertaModel.self, DistilBertModel.self, ElectraModel.self,
            EuroBertModel.self, GteModel.self, JinaEmbeddingsV3Model.self, ModernBertModel.self, MPNetModel.self,
            NomicBertModel.self, RobertaModel.self,
        ]
    }

    /// A class, which has no state of its own that threads could share.
    private struct Family: @unchecked Sendable {
        let encoder: any Encoder.Type
    }

    private static let registered = Mutex<[String: Family]>([:])

    static func find(_ type: String) -> (any Encoder.Type)? {
        registered.withLock { $0[type] }?.encoder ?? builtIn.first { $0.classNames[type] != nil }
    }

    static var knownTypes: [String] {
        (builtIn.flatMap { Array($0.classNames.keys) } + registered.withLock { Array($0.keys) }).sorted()
    }

    static func register(_ family: any Encoder.Type, replacing: Bool) throws {
        let types = family.classNames.keys.sorted()
        guard !types.isEmpty else {
            throw ModelError(
                "\(family) names no 'model_type'", remedy: "Give classNames an entry for each that it runs.",
                kind: .configuration, at: ErrorLocation(option: "classNames"))
        }
        if !replacing, let taken = types.first(where: { find($0) != nil }) {
            throw ModelError(
                "there is a family of the 'model_type' '\(taken)' already",
                remedy: "Register with replacing: true, or choose another name.", kind: .configuration,
                at: ErrorLocation(option: "classNames"))
        }
        let entry = Family(encoder: family)
        registered.withLock { known in
            for type in types { known[type] = entry }
        }
    }

    /// The encoder class for a configuration.
    ///
    /// - Throws: `ModelError` naming the `model_type` that is not implemented.
    static func family(_ config: ModelConfig) throws -> any Encoder.Type {
        let type = try config.modelType
        guard let family = find(type) else {
            throw ModelError(
                "'model_type' in '\(config.path)' is '\(type)', which is not implemented",
                remedy: "Known are \(Set(knownTypes).sorted().joined(separator: ", ")).", kind: .unsupported,
                at: config.location("model_type"))
        }
        return family
    }

    /// Where a model's parameters begin.
    static func root(_ config: ModelConfig, _ state: ModelState) throws -> Scope {
        Scope(state, initializerRange: try config.initializerRange)
    }

    /// The encoder of a model, under its prefix where there is a head.
    static func encoder(_ config: ModelConfig, for task: ModelTask?, in root: Scope) throws -> any Encoder {
        let family = try family(config)
        return try family.init(config, for: task, in: task == nil ? root : root / family.baseModelPrefix)
    }

    /// What every model's `init` ends with.
    static func finish(_ config: ModelConfig, _ state: ModelState) throws {
        if !state.awaitsCheckpoint { try state.requireMemory(for: config) }
    }
}

extension AutoModel {
    /// Makes a family known, so that checkpoints whose `model_type` is one of its `classNames` load with it.
    ///
    /// ```swift
    /// try AutoModel.register(MyEncoder.self)
    /// let model = try AutoModelForSequenceClassification.fromPretrained(folder: "my-checkpoint")
    /// ```
    ///
    /// May be called from any thread, before the first such checkpoint is loaded.
    ///
    /// - Parameters:
    ///   - family: an encoder's class
    ///   - replacing: whether it may take the place of a family of the same `model_type`
    /// - Throws: `ModelError` where there is one and `replacing` is false, or the class names none.
    public static func register(_ family: any Encoder.Type, replacing: Bool = false) throws {
        try Families.register(family, replacing: replacing)
    }
}
