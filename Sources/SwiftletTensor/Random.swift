import CTorchInterface

/// Seeds the default generators of the CPU and of every device in use, as `torch.manual_seed` does.
public func manualSeed(_ seed: UInt64) {
    perform("manualSeed", []) { ct_manual_seed(seed) }
}

/// The seed that the CPU's default generator was last given.
public func initialSeed() -> UInt64 { Generator.default.seed }

/// A source of random numbers. Those of the CPU are PyTorch's Mersenne twister, so the same seed gives Python's numbers.
///
/// `Sendable` because libtorch guards a generator with a lock of its own, which every use here takes.
public final class Generator: @unchecked Sendable {
    let handle: OpaquePointer

    /// A generator of the CPU with a seed of its own.
    public init(seed: UInt64) {
        var handle: OpaquePointer?
        perform("Generator", []) { ct_generator_new(seed, &handle) }
        guard let handle else { fatalError("Generator: \(String(cString: ct_last_error()))") }
        self.handle = handle
    }

    private init(owning handle: OpaquePointer) { self.handle = handle }

    deinit { ct_generator_free(handle) }

    /// The CPU's default generator, which dropout and initializers draw from.
    public static let `default` = Generator.default(on: .cpu)

    /// A device's default generator, which what runs there draws from.
    public static func `default`(on device: Device) -> Generator {
        var handle: OpaquePointer?
        perform("Generator.default", []) { ct_generator_default(device.code, &handle) }
        guard let handle else { fatalError("Generator.default: \(String(cString: ct_last_error()))") }
        return Generator(owning: handle)
    }

    /// The seed last given. Setting it starts the generator anew.
    public var seed: UInt64 {
        get {
            var seed: UInt64 = 0
            perform("Generator.seed", []) { ct_generator_seed(handle, &seed) }
            return seed
        }
        set { perform("Generator.seed", []) { ct_generator_set_seed(handle, newValue) } }
    }

    /// Everything that the next numbers depend on, in the bytes of `torch.get_rng_state()`.
    public var state: [UInt8] {
        get {
            let bytes = result("Generator.state", []) { ct_generator_state(handle, $0) }
            return bytes.withUnsafeBytes { [UInt8]($0) }
        }
        set {
            let bytes = newValue.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) }
            perform("Generator.state", [bytes]) { ct_generator_set_state(handle, bytes.handle) }
        }
    }

    /// Sets `state` to bytes from outside, such as a checkpoint's.
    ///
    /// - Throws: `TensorError` if they are no state of such a generator; it then stays as it was.
    public func load(state bytes: [UInt8]) throws(TensorError) {
        let tensor = bytes.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) }
        let status = withExtendedLifetime(tensor) { ct_generator_set_state(handle, tensor.handle) }
        guard status == 0 else {
            throw TensorError(
                "\(bytes.count) bytes are no state of a random generator: \(String(cString: ct_last_error()))",
                remedy: "The file may be damaged; use another checkpoint.", kind: .invalidArgument)
        }
    }

    /// Whether bytes are a state of the CPU's generators.
    public static func isState(_ bytes: [UInt8]) -> Bool {
        do { try Generator(seed: 0).load(state: bytes) } catch { return false }
        return true
    }

    /// What `torch.empty((), dtype=torch.int64).random_().item()` gives: a data loader of Python seeds itself so.
    public func randomInt64() -> Int64 {
        let value = Tensor.empty([], dtype: .int64)
        perform("randomInt64", []) { ct_random_(value.handle, handle) }
        return value.withUnsafeBytes { $0.isEmpty ? 0 : $0.load(as: Int64.self) }
    }
}

/// The next integer of the CPU's default generator; see `Generator.randomInt64()`.
public func randomInt64() -> Int64 { Generator.default.randomInt64() }

extension Tensor {
    // In place. Without a generator they draw from the default one of the tensor's device.

    /// Fills the tensor with numbers of a normal distribution.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func normal_(mean: Double = 0, std: Double = 1, generator: Generator? = nil) -> Tensor {
        perform("normal_", [self]) { ct_normal_(handle, mean, std, generator?.handle) }
        withExtendedLifetime(generator) {}
        return self
    }

    /// Fills the tensor with numbers from `from` to below `to`, all as likely.
    ///
    /// - Returns: the tensor itself.
    @discardableResult
    public func uniform_(from: Double = 0, to: Double = 1, generator: Generator? = nil) -> Tensor {
        perform("uniform_", [self]) { ct_uniform_(handle, from, to, generator?.handle) }
        withExtendedLifetime(generator) {}
        return self
    }

    /// 1 with probability `p`, else 0.
    @discardableResult
    public func bernoulli_(_ p: Double, generator: Generator? = nil) -> Tensor {
        perform("bernoulli_", [self]) { ct_bernoulli_(handle, p, generator?.handle) }
        withExtendedLifetime(generator) {}
        return self
    }

    /// int64 `[n]`: 0 to n - 1 in a random order.
    public static func randperm(_ n: Int, generator: Generator? = nil) -> Tensor {
        defer { withExtendedLifetime(generator) {} }
        return result("randperm", []) { ct_randperm(Int64(n), generator?.handle, $0) }
    }

    /// Standard normal.
    public static func randn(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, generator: Generator? = nil
    ) -> Tensor {
        empty(shape, dtype: dtype, device: device).normal_(generator: generator)
    }

    /// Uniform from 0 to 1, without 1.
    public static func rand(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, generator: Generator? = nil
    ) -> Tensor {
        empty(shape, dtype: dtype, device: device).uniform_(generator: generator)
    }

    /// int64: integers from 0 to before `end`, as `torch.randint(end, shape)`.
    public static func randint(_ end: Int, _ shape: [Int], generator: Generator? = nil) -> Tensor {
        let values = empty(shape, dtype: .int64)
        perform("randint", []) { ct_random_below_(values.handle, Int64(end), generator?.handle) }
        withExtendedLifetime(generator) {}
        return values
    }
}
