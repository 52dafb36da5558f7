/// The point in a model's tree where a layer registers its parameters. The path is the checkpoint's own name for it,
/// so files load with no renaming.
public struct Scope {
    /// The state that layers of this scope register their parameters in.
    public let state: ModelState
    /// What the parameters' names begin with, such as `encoder.layer.0`; empty for the whole model.
    public let path: String
    /// Standard deviation of a fresh weight, the config's `initializer_range`.
    public let initializerRange: Double

    /// The scope of a whole model, or of the part that `path` names.
    ///
    /// - Parameters:
    ///   - state: where parameters are registered.
    ///   - path: what their names begin with.
    ///   - initializerRange: standard deviation of weights that no file has; 0.02 as in BERT.
    public init(_ state: ModelState, path: String = "", initializerRange: Double = 0.02) {
        self.state = state
        self.path = path
        self.initializerRange = initializerRange
    }

    /// The scope of a part: `scope / "encoder" / "layer"`.
    public static func / (scope: Scope, name: String) -> Scope {
        Scope(
            scope.state, path: scope.path.isEmpty ? name : "\(scope.path).\(name)",
            initializerRange: scope.initializerRange)
    }

    /// The scope of a numbered part: `scope / "layer" / 0`.
    public static func / (scope: Scope, index: Int) -> Scope { scope / String(index) }

    /// Registers a parameter.
    ///
    /// - Parameters:
    ///   - name: within this scope; the checkpoint's own.
    ///   - shape: the length of each dimension.
    ///   - initializer: how it is drawn where no file has it.
    ///   - isNormalization: whether it belongs to a norm, which has no weight decay.
    public func parameter(
        _ name: String, _ shape: [Int], _ initializer: Initializer, isNormalization: Bool = false
    ) -> Parameter {
        let parameter = Parameter(
            name: (self / name).path, shape: shape, initializer: initializer, isNormalization: isNormalization,
            dtype: state.store.dtype, device: state.store.device)
        state.store.register(parameter)
        return parameter
    }

    /// Gives a parameter of another layer to this one too, under a second name.
    public func tie(_ name: String, to parameter: Parameter) { state.store.tie((self / name).path, to: parameter) }
}
