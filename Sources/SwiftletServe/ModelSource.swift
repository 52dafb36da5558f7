import SwiftletIO
public import SwiftletTasks

/// A model that a server is to load.
public struct ModelSource: Sendable {
    /// What requests call it: letters, digits, `.`, `_` and `-`.
    public var name: String
    /// A folder, or the name of a model on the Hub.
    public var model: String
    /// For a name on the Hub, a branch, a tag or a commit.
    public var revision: String
    /// The task by its name, such as `text-classification`; `nil` leaves it to the model's files.
    public var task: String?
    /// Where and how the model runs. Its `tokenBudget` is the size of batches, in tokens. By default the model owns its
    /// weights: a folder that is replaced while it is served changes nothing.
    public var options: InferenceOptions

    /// - Parameter name: by default the last part of `model`.
    public init(
        _ model: String, name: String? = nil, revision: String = "main", task: String? = nil,
        options: InferenceOptions = InferenceOptions(ownsWeights: true)
    ) {
        self.model = model
        self.name = name ?? Self.name(of: model)
        self.revision = revision
        self.task = task
        self.options = options
    }

    private static func name(of model: String) -> String {
        let parts = model.split(separator: "/").filter { $0 != "." && $0 != ".." }
        return parts.last.map(String.init) ?? "model"
    }

    /// - Throws: `ServerError` for no models, for a name that can't stand in an address, and for one that two have.
    static func check(_ sources: [ModelSource]) throws {
        guard !sources.isEmpty else {
            throw ServerError("there is no model to serve", remedy: "Name one with --model.")
        }
        var names: Set<String> = []
        for source in sources {
            let letters = source.name.utf8
            let isGood =
                !letters.isEmpty && letters.count <= 96
                && letters.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
            guard isGood, source.name != ".", source.name != ".." else {
                throw ServerError(
                    "a model can't be called '\(source.name)'",
                    remedy:
                        "Give a name of at most 96 letters, digits, '.', '_' and '-', as in --model mrpc=\(source.model)."
                )
            }
            guard names.insert(source.name).inserted else {
                throw ServerError(
                    "two models are called '\(source.name)'",
                    remedy: "Give each a name of its own, as in --model first=\(source.model).")
            }
        }
    }
}
