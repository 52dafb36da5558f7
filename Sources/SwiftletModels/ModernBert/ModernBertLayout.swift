import SwiftletTensor

/// How the tokens of a batch are arranged for ModernBERT: which attend to which, and how far each is rotated.
struct ModernBertLayout {
    /// Cosine and sine, `[1, 1, sequence, width]` or, packed, `[tokens, 1, width]`, by reach.
    let rotations: [ModernBertConfig.Reach: (cosine: Tensor, sine: Tensor)]
    /// The index of each packed sequence's first token, and at the end the number of tokens; `nil` for padded.
    let starts: [Int]?
    /// Bool, true where attention is allowed: padded one of `[batch, 1, sequence, sequence]` or fewer, packed one of
    /// `[tokens, tokens]` for each sequence; `nil` allows all.
    let masks: [ModernBertConfig.Reach: [Tensor?]]

    /// - Parameter inputs: padded or packed, checked.
    init(_ inputs: ModelInputs, config: ModernBertConfig, dtype: DType) {
        let device = inputs.inputIDs.device
        starts = inputs.sequenceStarts
        let positions = inputs.places
        let width = config.hiddenSize / config.headCount
        let used = Set(config.reaches)
        let shape = starts == nil ? [positions.shape[0], 1, positions.shape[1], width] : [-1, 1, width]
        rotations = Dictionary(
            uniqueKeysWithValues: used.map { reach in
                let (cosine, sine) = Self.rotation(positions, base: config.rotaryBase[reach] ?? 1, width: width)
                return (reach, (cosine.to(dtype).view(shape), sine.to(dtype).view(shape)))
            })

        guard let starts else {
            let tokens = inputs.attentionMask.flatMap { mask -> Tensor? in
                let isToken = mask.ne(0)
                return isToken.all() ? nil : isToken.unsqueeze(1).unsqueeze(2)
            }
            let near = Self.near(Array(0..<inputs.inputIDs.shape[1]), window: config.window, device: device)
            let (batch, length) = (inputs.inputIDs.shape[0], inputs.inputIDs.shape[1])
            func expanded(_ mask: Tensor?) -> Tensor? { mask?.expand([batch, 1, length, length]) }
            let sliding = tokens.map { tokens in near.map { tokens.logicalAnd($0) } ?? tokens } ?? near
            masks = [.full: [expanded(tokens)], .sliding: [expanded(sliding)]]
            return
        }
        let each = positions.ints()
        let sequences = zip(starts, starts.dropFirst())
        masks = [
            .full: sequences.map { _ in nil },
            .sliding: used.contains(.sliding)
                ? sequences.map { Self.near(Array(each[$0..<$1]), window: config.window, device: device) } : [],
        ]
    }

    /// Bool `[tokens, tokens]`, true where positions lie within the window; `nil` where all do.
    private static func near(_ positions: [Int], window: Int, device: Device) -> Tensor? {
        guard let least = positions.min(), let most = positions.max(), most - least > window else { return nil }
        let all = Tensor(positions, shape: [positions.count]).to(device)
        return (all.unsqueeze(1) - all.unsqueeze(0)).abs().le(window)
    }

    /// Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, in halves, not pairs.
    ///
    /// - Returns: float32 `[tokens, width]`
    private static func rotation(_ positions: Tensor, base: Double, width: Int) -> (cosine: Tensor, sine: Tensor) {
        let exponents = (Tensor.arange(width / 2) * 2).to(.float32) / width
        let wavelengths = Tensor([Float(base)], shape: [1]).pow(exponents)
        let frequencies = (1.0 / wavelengths).to(positions.device)
        let angles = positions.reshape([-1, 1]).to(.float32) * frequencies
        let both = Tensor.cat([angles, angles], -1)
        return (both.cos(), both.sin())
    }
}
