import SwiftletDistributed
import SwiftletIO
import SwiftletTensor

/// Which run a checkpoint is of. A folder may hold checkpoints of several, and a run goes on from its own and deletes only
/// its own.
public struct RunIdentity: Sendable, Equatable {
    /// A random text. A run that goes on from a checkpoint has that one's.
    public internal(set) var id = RunIdentity.randomText()
    /// The launches that its processes belong to; see `ProcessEnvironment.launchID`.
    public internal(set) var launches: [String] = []

    init() {}

    /// - Parameter json: of a `checkpoint.json`; `nil` where that names no run.
    init?(_ json: JSONValue) {
        guard let id = json["run_id"]?.string, !id.isEmpty else { return nil }
        self.id = id
        launches = json["launches"]?.array?.compactMap(\.string) ?? []
    }

    /// That of a run that begins now, with the launches of all its processes.
    static func fresh(_ accelerator: Accelerator) throws -> RunIdentity {
        var identity = RunIdentity()
        identity.launches = try launches(accelerator.group)
        return identity
    }

    static func launches(_ group: ProcessGroup?) throws -> [String] {
        let own = try (group?.environment ?? ProcessEnvironment.current()).launchID ?? ""
        let all = try group?.allGather(text: own, as: "the exchange of the launch's name") ?? [own]
        return Set(all).subtracting([""]).sorted()
    }

    /// Not from libtorch's generator, whose numbers are the training's.
    private static func randomText() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
