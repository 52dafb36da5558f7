public import SwiftletTensor

/// The parameters of one model under their checkpoint names, in the order in which its layers were made.
public final class ParameterStore {
    /// All parameters, in the order in which the layers were made.
    public private(set) var parameters: [Parameter] = []
    private var byName: [String: Parameter] = [:]
    /// Other names for parameters: a checkpoint may hold a tied tensor under either.
    public private(set) var tiedNames: [String: Parameter] = [:]
    /// Names of the parameters that no checkpoint gave: their values were drawn.
    public private(set) var freshlyInitialized: [String] = []
    /// The type of the parameters' elements.
    public private(set) var dtype: DType
    /// Where the parameters lie.
    public private(set) var device: Device

    /// A store without parameters.
    ///
    /// - Parameters:
    ///   - dtype: of the parameters to come.
    ///   - device: where they are made.
    public init(dtype: DType = .float32, device: Device = .cpu) {
        self.dtype = dtype
        self.device = device
    }

    /// The parameter of this name in the checkpoint; `nil` if there is none.
    public subscript(name: String) -> Parameter? { byName[name] }

    /// Moves all parameters. Gradients are dropped; optimizers that hold the parameters go on with them, but not with
    /// what they keep for each, so make them or load their state afterwards.
    public func move(to device: Device) {
        guard device != self.device else { return }
        self.device = device
        for parameter in parameters { parameter.move(to: device) }
    }

    /// Runs with copies of all parameters in another type, without gradients. Afterwards they are the tensors that they
    /// were, also on an error.
    package func casting<Result>(to other: DType, _ body: () throws -> Result) rethrows -> Result {
        guard other != dtype else { return try body() }
        let before = (dtype: dtype, tensors: parameters.map(\.tensor))
        defer {
            dtype = before.dtype
            for (parameter, tensor) in zip(parameters, before.tensors) { parameter.tensor = tensor }
        }
        noGrad { for parameter in parameters { parameter.tensor = parameter.tensor.detach().to(other) } }
        dtype = other
        return try body()
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

    /// Bytes of the parameters that have no values yet.
    public var missingByteCount: Int {
        parameters.reduce(0) { sum, parameter in
            if parameter.isInitialized { return sum }
            let (next, overflow) = sum.addingReportingOverflow(parameter.byteCount(dtype))
            return overflow ? .max : next
        }
    }

    /// Draws first values for every parameter that has none yet, in the order of the layers: a checkpoint that gives
    /// everything but the classifier draws only the classifier.
    public func initializeMissing() {
        for parameter in parameters where !parameter.isInitialized {
            parameter.allocate(dtype: dtype, device: device)
            parameter.initializer.fill(parameter.tensor)
            freshlyInitialized.append(parameter.name)
            parameter.isInitialized = true
            parameter.isTrainable = true
        }
    }

    /// Gives a parameter values of another number of rows. Its gradient is dropped; whether it is trained stays.
    ///
    /// - Parameter values: of the parameter's shape but for the first size
    public func resize(_ parameter: Parameter, to values: Tensor) {
        precondition(
            Array(values.shape.dropFirst()) == Array(parameter.shape.dropFirst()),
            "rows of shape \(values.shape) for '\(parameter.name)'")
        let isTrainable = parameter.isTrainable
        parameter.shape = values.shape
        assign(values, to: parameter, takesOver: true)
        parameter.rowGradient = nil
        parameter.isTrainable = isTrainable
    }

    /// Gives a parameter these values.
    ///
    /// - Parameters:
    ///   - values: of the parameter's shape
    ///   - takesOver: the tensor's memory becomes the parameter's, where dtype and device are the model's. Training writes
    ///     to it. Else the parameter has a copy.
    public func assign(_ values: Tensor, to parameter: Parameter, takesOver: Bool = false) {
        precondition(values.shape == parameter.shape, "shape \(values.shape) for '\(parameter.name)'")
        parameter.tensor = noGrad {
            let converted = values.to(dtype).to(device)
            return takesOver ? converted.detach() : converted.clone()
        }
        parameter.isInitialized = true
        parameter.isTrainable = true
    }
}
