public import SwiftletTensor

/// The parameters of one model, in the order in which its layers were made, and whether it is training.
public final class ModelState {
    public private(set) var parameters: [Parameter] = []
    private var byName: [String: Parameter] = [:]
    /// Other names for parameters: a checkpoint may hold a tied tensor under either.
    public private(set) var tiedNames: [String: Parameter] = [:]
    /// `true` switches dropout on. Models begin in evaluation mode, as those of `from_pretrained` do.
    public var isTraining = false
    /// Strength of the noise on token embeddings in training (NEFTune); `nil` is none.
    public var neftuneAlpha: Double?
    /// Layers keep their input only and are computed again in the backward pass: less memory, more time.
    public var recomputesActivations = false
    /// Set by an accelerator: forward passes run with matrix products and the like in this type.
    public var autocastDType: DType?
    /// The implementation the model runs with; `nil` means `Kernels.default`.
    public var kernels: Kernels?
    /// Names of the parameters that no checkpoint gave: their values were drawn.
    public private(set) var freshlyInitialized: [String] = []
    public let dtype: DType
    public private(set) var device: Device

    public init(dtype: DType = .float32, device: Device = .cpu) {
        self.dtype = dtype
        self.device = device
    }

    public subscript(name: String) -> Parameter? { byName[name] }

    /// Whether the next pass is to run on the fused kernels. They are for float32 on the CPU, with products in bfloat16
    /// under `autocast`; anything else, and what works between the operations that they join, runs on libtorch's.
    public var runsFused: Bool {
        (kernels ?? .default) == .fused && device == .cpu && dtype == .float32
            && [nil, .bfloat16].contains(currentAutocastDType(on: device))
            && !(isTraining && (recomputesActivations || neftuneAlpha != nil))
    }

    /// Whether the next pass on packed tokens runs in libtorch's kernels for them on a GPU, where the model's attention
    /// can: the results are those of padded tokens to rounding, and dropout draws other masks.
    public var runsPackedOnGPU: Bool {
        (kernels ?? .default) == .fused && device.isCUDA && !(isTraining && neftuneAlpha != nil)
    }

    /// Moves all parameters. Gradients are dropped; optimizers that hold the parameters go on with them, but not with
    /// what they keep for each, so make them or load their state afterwards.
    public func move(to device: Device) {
        guard device != self.device else { return }
        self.device = device
        for parameter in parameters { parameter.move(to: device) }
    }

    func register(_ parameter: Parameter) {
        // Two layers under one name are a mistake in the model's code, not in any input.
        precondition(byName[parameter.name] == nil, "two parameters are named '\(parameter.name)'")
        byName[parameter.name] = parameter
        parameters.append(parameter)
    }

    func tie(_ name: String, to parameter: Parameter) {
        precondition(byName[name] == nil && tiedNames[name] == nil, "two parameters are named '\(name)'")
        tiedNames[name] = parameter
        parameter.isTied = true
    }

    /// Draws first values for every parameter that has none yet, in the order of the layers: a checkpoint that gives
    /// everything but the classifier draws only the classifier.
    public func initializeMissing() {
        for parameter in parameters where !parameter.isInitialized {
            parameter.initializer.fill(parameter.tensor)
            freshlyInitialized.append(parameter.name)
            parameter.isInitialized = true
            parameter.isTrainable = true
        }
    }

    /// Gives a parameter these values.
    ///
    /// - Parameter takesOver: the tensor's memory becomes the parameter's, where dtype and device are the model's. Training
    ///   writes to it. Else the parameter has a copy.
    public func assign(_ values: Tensor, to parameter: Parameter, takesOver: Bool = false) {
        precondition(values.shape == parameter.shape, "shape \(values.shape) for '\(parameter.name)'")
        parameter.tensor = noGrad {
            let converted = values.to(dtype).to(device)
            return takesOver ? converted.detach() : converted.clone()
        }
        parameter.isInitialized = true
        parameter.isTrainable = true
    }

    /// Runs in evaluation mode, and goes back to the mode before, also on an error.
    public func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = isTraining
        isTraining = false
        defer { isTraining = before }
        return try body()
    }
}

/// The place in a model where a layer registers its parameters. The path is the checkpoint's own name for the place,
/// so files load with no renaming.
public struct Scope {
    public let state: ModelState
    public let path: String
    /// Standard deviation of a fresh weight, the config's `initializer_range`.
    public let initializerRange: Double

    public init(_ state: ModelState, path: String = "", initializerRange: Double = 0.02) {
        self.state = state
        self.path = path
        self.initializerRange = initializerRange
    }

    public static func / (scope: Scope, name: String) -> Scope {
        Scope(
            scope.state, path: scope.path.isEmpty ? name : "\(scope.path).\(name)",
            initializerRange: scope.initializerRange)
    }

    public static func / (scope: Scope, index: Int) -> Scope { scope / String(index) }

    public func parameter(
        _ name: String, _ shape: [Int], _ initializer: Initializer, isNormalization: Bool = false
    ) -> Parameter {
        let parameter = Parameter(
            name: (self / name).path, shape: shape, initializer: initializer, isNormalization: isNormalization,
            dtype: state.dtype, device: state.device)
        state.register(parameter)
        return parameter
    }

    /// Gives a place's parameter to this place too, under a second name.
    public func tie(_ name: String, to parameter: Parameter) { state.tie((self / name).path, to: parameter) }
}
