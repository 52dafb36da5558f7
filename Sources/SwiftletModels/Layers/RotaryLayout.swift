public import SwiftletTensor

/// What a layer's tokens attend to, and how their positions are told.
public struct AttentionScope: Sendable, Hashable {
    /// How positions turn queries and keys.
    public var rotary: RotaryEmbedding
    /// How many positions on each side a token attends to; `nil` is all of its sequence.
    public var window: Int?

    /// - Parameters:
    ///   - rotary: how positions turn queries and keys.
    ///   - window: how many positions on each side a token attends to; `nil` is all of its sequence.
    public init(rotary: RotaryEmbedding, window: Int? = nil) {
        self.rotary = rotary
        self.window = window
    }
}

/// How the tokens of a batch are arranged for layers with rotations and windows: which attend to which, and how far each
/// is rotated. Made once for a pass.
public struct RotaryLayout {
    /// Cumulative sequence lengths of packed tokens: 0, then each sequence's end; `nil` for padded.
    let cumulativeLengths: [Int]?
    /// Packed, with the kernel: whether each token's position is the one after the token before it, so that row
    /// indices tell distances.
    let isContiguous: Bool
    /// Packed on a GPU: the same as `cumulativeLengths`, as its kernels read it, int32 `[sequences + 1]`.
    let deviceLengths: Tensor?
    /// `[batch, 1, sequence, width]` or, packed, `[tokens, 1, width]`.
    private let rotations: [RotaryEmbedding: Rotation]
    /// Bool, true where attention is allowed: padded one of `[batch, 1, sequence, sequence]`, packed one of
    /// `[tokens, tokens]` for each sequence; `nil` allows all.
    private let masks: [Int?: [Tensor?]]

    /// - Parameters:
    ///   - inputs: padded or packed, checked
    ///   - scopes: those of the layers
    ///   - dtype: the model's
    ///   - isFused: whether attention runs in the kernel for packed tokens, which needs no masks
    public init(_ inputs: ModelInputs, scopes: Set<AttentionScope>, dtype: DType, isFused: Bool = false) {
        let device = inputs.inputIDs.device
        cumulativeLengths = inputs.cumulativeLengths
        deviceLengths =
            device.isCUDA
            ? cumulativeLengths.map { Tensor($0, shape: [$0.count]).to(.int32).to(device) } : nil
        let positions = inputs.positions
        isContiguous = isFused && cumulativeLengths.map { Self.areContiguous(positions.ints(), $0) } == true
        let shape = cumulativeLengths == nil ? [positions.shape[0], 1, positions.shape[1]] : [positions.count, 1]
        rotations = Dictionary(
            Set(scopes.map(\.rotary)).map { ($0, $0.rotation(positions, shape: shape, dtype: dtype)) },
            uniquingKeysWith: { first, _ in first })
        let windows = Set(scopes.map(\.window))
        masks =
            isContiguous
            ? [:]
            : Dictionary(
                windows.map { ($0, Self.masks(inputs, positions, window: $0)) }, uniquingKeysWith: { first, _ in first }
            )
    }

    func rotation(_ scope: AttentionScope) -> Rotation? { rotations[scope.rotary] }

    /// - Parameter sequence: of packed inputs
    func mask(_ scope: AttentionScope, sequence: Int = 0) -> Tensor? {
        guard let all = masks[scope.window], all.indices.contains(sequence) else { return nil }
        return all[sequence]
    }

    private static func areContiguous(_ positions: [Int], _ cumulativeLengths: [Int]) -> Bool {
        zip(cumulativeLengths, cumulativeLengths.dropFirst()).allSatisfy { start, end in
            (start..<end).dropFirst().allSatisfy { positions[$0] == positions[$0 - 1] &+ 1 }
        }
    }

    private static func masks(_ inputs: ModelInputs, _ positions: Tensor, window: Int?) -> [Tensor?] {
        let device = inputs.inputIDs.device
        if let cumulativeLengths = inputs.cumulativeLengths {
            guard let window else { return [] }
            let values = positions.ints()
            return zip(cumulativeLengths, cumulativeLengths.dropFirst()).map {
                Self.near(Array(values[$0..<$1]), window: window, device: device)
            }
        }
        let tokens = inputs.attentionMask.flatMap { mask -> Tensor? in
            let isToken = mask.ne(0)
            return isToken.all() ? nil : isToken.unsqueeze(1).unsqueeze(2)
        }
        let (batch, length) = (inputs.inputIDs.shape[0], inputs.inputIDs.shape[1])
        // Indices in the row, whatever positions are given: as in Python.
        let neighbours = window.flatMap { Self.near(Array(0..<length), window: $0, device: device) }
        let both = tokens.map { tokens in neighbours.map { tokens.logicalAnd($0) } ?? tokens } ?? neighbours
        return [both?.expand([batch, 1, length, length])]
    }

    /// Bool `[tokens, tokens]`, true where positions lie within the window; `nil` where all do.
    private static func near(_ positions: [Int], window: Int, device: Device) -> Tensor? {
        guard let least = positions.min(), let most = positions.max(), most - least > window else { return nil }
        let all = Tensor(positions, shape: [positions.count]).to(device)
        return (all.unsqueeze(1) - all.unsqueeze(0)).abs().le(window)
    }
}
