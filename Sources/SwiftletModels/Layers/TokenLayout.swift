import SwiftletTensor

/// How the tokens of a batch are arranged. Only attention reads it.
enum TokenLayout {
    /// `[batch, sequence]`. The mask is bool `[batch, 1, sequence, sequence]`, true where attention is allowed; `nil`
    /// allows all.
    case padded(mask: Tensor?)
    /// `[tokens]`, with cumulative sequence lengths: 0, then each sequence's end. On a GPU also as its
    /// kernels read them, int32 `[sequences + 1]`.
    case packed(cumulativeLengths: [Int], deviceLengths: Tensor?)

    /// A padded batch without padding gets no mask: then libtorch skips masking, as in Python.
    init(_ inputs: ModelInputs) {
        if let cumulativeLengths = inputs.cumulativeLengths {
            let device = inputs.inputIDs.device
            self = .packed(
                cumulativeLengths: cumulativeLengths,
                deviceLengths: device.isCUDA
                    ? Tensor(cumulativeLengths, shape: [cumulativeLengths.count]).to(.int32).to(device) : nil)
            return
        }
        guard let mask = inputs.attentionMask else {
            self = .padded(mask: nil)
            return
        }
        let allowed = mask.ne(0)
        if allowed.all() {
            self = .padded(mask: nil)
            return
        }
        let (batch, length) = (mask.shape[0], mask.shape[1])
        self = .padded(mask: allowed.view([batch, 1, 1, length]).expand([batch, 1, length, length]))
    }
}

/// Tokens of the longest of packed sequences.
func longest(_ cumulativeLengths: [Int]) -> Int {
    zip(cumulativeLengths, cumulativeLengths.dropFirst()).map { $1 - $0 }.max() ?? 0
}

extension ModelInputs {
    /// Whether some position of a padded batch is padding.
    var hasPadding: Bool { cumulativeLengths == nil && attentionMask.map { $0.eq(0).any() } == true }
}
