import SwiftletIO
import SwiftletNN

extension ModelState {
    /// Whether there is memory for the parameters that have no values yet.
    ///
    /// - Parameter config: by which the model was made
    /// - Throws: `ModelError` with what is needed and what there is.
    func requireMemory(for config: ModelConfig) throws {
        let needed = store.missingByteCount
        guard let limit = MachineMemory.byteCount, needed > limit else { return }
        let largest = store.parameters.filter { !$0.isInitialized }.max { $0.count < $1.count }
        throw ModelError(
            "the model that '\(config.path)' describes needs \(needed == .max ? "more than 2^63" : "\(needed)") bytes for its parameters, and there are \(limit)",
            remedy: largest.map { "The largest is '\($0.name)', of shape \($0.shape): are the sizes right?" },
            kind: .memory, at: ErrorLocation(path: config.path, tensor: largest?.name))
    }
}
