/// The point in a model's tree where a layer registers its parameters. The path is the checkpoint's own name for it,
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
            dtype: state.store.dtype, device: state.store.device)
        state.store.register(parameter)
        return parameter
    }

    /// Gives a parameter of another layer to this one too, under a second name.
    public func tie(_ name: String, to parameter: Parameter) { state.store.tie((self / name).path, to: parameter) }
}
