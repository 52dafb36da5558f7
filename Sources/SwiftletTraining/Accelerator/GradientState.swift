import SwiftletDistributed
import SwiftletTensor

/// Where loops over prepared loaders are, and whether this backward pass ends an update.
final class GradientState {
    /// Gradients of the latest backward pass are those of a whole update.
    var syncGradients = true
    /// Of the loaders that are being iterated over, the innermost last.
    private var active: [LoaderPosition] = []

    /// Of the innermost loop: whether its last batch is out.
    var endOfLoader: Bool { active.last?.isAtEnd ?? false }
    /// Rows of the last round of batches that are no repetitions; 0 where all are full, `nil` where it isn't known.
    var remainder: Int? { active.last?.remainder }

    func begin(_ position: LoaderPosition) { active.append(position) }
    func end(_ position: LoaderPosition) { active.removeAll { $0 === position } }
}

/// Where one pass over a loader is.
final class LoaderPosition {
    var isAtEnd = false
    let remainder: Int?
    init(remainder: Int?) { self.remainder = remainder }
}

/// What `Accelerator.prepare` gives to a loader.
final class LoaderPreparation {
    let shards: BatchShards
    let process: Int
    let gradientState: GradientState
    /// Where batches are brought; `nil` leaves them where they are.
    let device: Device?
    /// `nil` on a single process.
    let group: ProcessGroup?
    /// Draws the order of a shuffled loader alike on every process; `nil` on a single one.
    let generator: Generator?
    /// With a seedable sampler: the order of epoch e is drawn from this plus e.
    let seed: UInt64?
    /// Whole passes so far.
    var epoch = 0
    /// Batches to leave out at the beginning of the next pass.
    var skip = 0

    init(
        shards: BatchShards, process: Int, gradientState: GradientState, device: Device?, group: ProcessGroup?,
        generator: Generator?, seed: UInt64?
    ) {
        self.shards = shards
        self.process = process
        self.gradientState = gradientState
        self.device = device
        self.group = group
        self.generator = generator
        self.seed = seed
    }

    /// Takes over the main process's generator, as accelerate does at the beginning of every pass.
    func synchronize() throws -> (any Error)? {
        guard let group, let generator else { return nil }
        let state = generator.state
        let tensor = state.withUnsafeBytes { Tensor.fromBytes($0, [state.count], .uint8) }
        try group.broadcast([tensor], as: "the exchange of the order's random state")
        generator.state = tensor.withUnsafeBytes { [UInt8]($0) }
        return nil
    }

    func begin(_ loader: DataLoader) -> LoaderPosition {
        let total = shards.splitBatches ? loader.batchSize : loader.batchSize * shards.processCount
        let position = LoaderPosition(remainder: loader.dropLast ? nil : loader.rowCount % total)
        gradientState.begin(position)
        return position
    }
}
