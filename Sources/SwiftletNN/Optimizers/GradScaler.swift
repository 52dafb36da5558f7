public import SwiftletIO
public import SwiftletTensor

/// Dynamic loss scaling for training in float16, as `torch.amp.GradScaler`.
///
/// Gradients below 6e-8 are 0 in float16. The loss is multiplied before the backward pass, and the gradients are divided
/// by the same number before the update. Where the product was too large, gradients are infinite or NaN: the update is
/// left out, and the scale falls. It grows again after `growthInterval` updates without that.
///
///     try scaler.scale(loss).backward()
///     try scaler.unscale(optimizer)
///     clipGradNorm(gradients, maxNorm: 1)
///     try scaler.step(optimizer)
///     try scaler.update()
///
/// `Accelerator` and `Trainer` do this themselves where they train in float16.
public final class GradScaler {
    /// What losses are multiplied by; always a float32.
    public private(set) var scale: Float
    /// The scale is multiplied by it after `growthInterval` updates in a row.
    public private(set) var growthFactor: Double
    /// The scale is multiplied by it after an update that was skipped.
    public private(set) var backoffFactor: Double
    /// Updates in a row after which the scale grows.
    public private(set) var growthInterval: Int
    /// Updates since the scale last changed; torch's `_growth_tracker`.
    public private(set) var growthTracker = 0

    private enum Stage { case unscaled, stepped }
    private struct Progress {
        var stage: Stage
        let foundNotFinite: Bool
        /// Keeps the optimizer, so that no other one gets its identity.
        let optimizer: Optimizer
    }
    private var progress: [ObjectIdentifier: Progress] = [:]

    /// PyTorch's defaults.
    ///
    /// - Parameters:
    ///   - initScale: the first scale.
    ///   - growthFactor: above 1.
    ///   - backoffFactor: between 0 and 1.
    ///   - growthInterval: updates in a row after which the scale grows.
    /// - Throws: `OptimizerError` for numbers that make no sense.
    public init(
        initScale: Double, growthFactor: Double = 2, backoffFactor: Double = 0.5, growthInterval: Int = 2000
    ) throws(OptimizerError) {
        scale = Float(initScale)
        self.growthFactor = growthFactor
        self.backoffFactor = backoffFactor
        self.growthInterval = growthInterval
        try Self.check(scale, growthFactor, backoffFactor, growthInterval, 0)
    }

    /// PyTorch's defaults: a scale of 65536 that doubles after 2000 updates and is halved after one that was skipped.
    public init() { (scale, growthFactor, backoffFactor, growthInterval) = (65536, 2, 0.5, 2000) }

    private static func check(
        _ scale: Float, _ growthFactor: Double, _ backoffFactor: Double, _ growthInterval: Int, _ growthTracker: Int
    ) throws(OptimizerError) {
        func require(_ holds: Bool, _ name: String, _ value: Any, _ rule: String) throws(OptimizerError) {
            if holds { return }
            throw OptimizerError(
                "the gradient scaler's \(name) is \(value); it must be \(rule)", remedy: "Leave it out for PyTorch's.",
                kind: .scaling, at: ErrorLocation(key: name))
        }
        try require(scale.isFinite && scale > 0, "scale", scale, "above 0")
        try require(growthFactor.isFinite && growthFactor > 1, "growth_factor", growthFactor, "above 1")
        try require(backoffFactor > 0 && backoffFactor < 1, "backoff_factor", backoffFactor, "between 0 and 1")
        try require((1...Int(Int32.max)).contains(growthInterval), "growth_interval", growthInterval, "at least 1")
        try require(
            (0..<growthInterval).contains(growthTracker), "_growth_tracker", growthTracker, "below growth_interval")
    }

    /// The loss times the scale, for the backward pass.
    public func scale(_ loss: Tensor) -> Tensor { loss * Double(scale) }

    /// Whether `unscale` was called for this optimizer since its latest update.
    public func isUnscaled(_ optimizer: Optimizer) -> Bool { progress[ObjectIdentifier(optimizer)] != nil }

    /// Divides the gradients of an optimizer's parameters by the scale, and looks for values that are not finite. To be
    /// called before clipping; `step` does it otherwise.
    ///
    /// - Throws: `OptimizerError` if it was called before for this update.
    public func unscale(_ optimizer: Optimizer) throws(OptimizerError) {
        switch progress[ObjectIdentifier(optimizer)]?.stage {
        case nil: divide(optimizer)
        case .unscaled:
            throw OptimizerError(
                "the gradients of this update are unscaled already", remedy: "Call unscale once for each update.",
                kind: .scaling)
        case .stepped:
            throw OptimizerError(
                "unscale was called after step", remedy: "Call update() after step, and unscale before it.",
                kind: .scaling)
        }
    }

    /// As `unscale`, and nothing where that was done for this update.
    package func unscaleOnce(_ optimizer: Optimizer) {
        if !isUnscaled(optimizer) { divide(optimizer) }
    }

    private func divide(_ optimizer: Optimizer) {
        let gradients = optimizer.groups.flatMap(\.parameters).compactMap(\.gradient)
        let found = SwiftletTensor.unscale(gradients, scale: Double(scale))
        progress[ObjectIdentifier(optimizer)] = Progress(stage: .unscaled, foundNotFinite: found, optimizer: optimizer)
    }

    /// The optimizer's update, with unscaled gradients; left out where any of them is infinite or NaN.
    ///
    /// - Returns: whether there was an update.
    /// - Throws: `OptimizerError` if it was called before without `update()` since.
    @discardableResult
    public func step(_ optimizer: Optimizer) throws(OptimizerError) -> Bool {
        if progress[ObjectIdentifier(optimizer)]?.stage == .stepped {
            throw OptimizerError(
                "step was called twice for one update", remedy: "Call update() after each step.", kind: .scaling)
        }
        return updateWeights(optimizer)
    }

    private func updateWeights(_ optimizer: Optimizer) -> Bool {
        if progress[ObjectIdentifier(optimizer)] == nil { divide(optimizer) }
        progress[ObjectIdentifier(optimizer)]?.stage = .stepped
        guard progress[ObjectIdentifier(optimizer)]?.foundNotFinite == false else { return false }
        optimizer.updateAll()
        return true
    }

    /// Adapts the scale to what the updates since the last call have found.
    ///
    /// - Throws: `OptimizerError` if there was none.
    public func update() throws(OptimizerError) {
        guard !progress.isEmpty else {
            throw OptimizerError(
                "update() was called before any step", remedy: "Call step(optimizer) first.", kind: .scaling)
        }
        adapt(foundNotFinite: progress.values.contains(where: \.foundNotFinite))
        progress = [:]
    }

    /// Both for one optimizer, whatever is known of others.
    func stepAndUpdate(_ optimizer: Optimizer) -> Bool {
        let isUpdated = updateWeights(optimizer)
        progress[ObjectIdentifier(optimizer)] = nil
        adapt(foundNotFinite: !isUpdated)
        return isUpdated
    }

    /// The arithmetic of `torch._amp_update_scale_`.
    private func adapt(foundNotFinite: Bool) {
        if foundNotFinite {
            // Below that its inverse is infinite, and so would be what the next update adds.
            scale = max(Float(Double(scale) * backoffFactor), .leastNormalMagnitude)
            growthTracker = 0
            return
        }
        growthTracker += 1
        guard growthTracker == growthInterval else { return }
        let grown = Float(Double(scale) * growthFactor)
        if grown.isFinite { scale = grown }
        growthTracker = 0
    }

    /// What `load` needs to go on from here, under the names of torch's `state_dict`.
    public var state: JSONObject {
        [
            "scale": .double(Double(scale)), "growth_factor": .double(growthFactor),
            "backoff_factor": .double(backoffFactor), "growth_interval": .int(growthInterval),
            "_growth_tracker": .int(growthTracker),
        ]
    }

    /// - Throws: `OptimizerError` that names the key which is missing or makes no sense; the scaler then stays as it was.
    public func load(_ json: JSONValue) throws(OptimizerError) {
        func number(_ name: String) throws(OptimizerError) -> Double {
            if let value = json[name]?.double { return value }
            throw OptimizerError(
                "the gradient scaler's state has no \(name)", remedy: "Use another checkpoint: this file is damaged.",
                kind: .stateMismatch, at: ErrorLocation(key: name))
        }
        let read = (
            scale: Float(try number("scale")), growth: try number("growth_factor"),
            backoff: try number("backoff_factor")
        )
        // Counts that are no whole numbers make no sense.
        _ = try (number("growth_interval"), number("_growth_tracker"))
        let (interval, tracker) = (json["growth_interval"]?.int ?? 0, json["_growth_tracker"]?.int ?? -1)
        try Self.check(read.scale, read.growth, read.backoff, interval, tracker)
        (scale, growthFactor, backoffFactor) = read
        (growthInterval, growthTracker) = (interval, tracker)
        progress = [:]
    }
}
