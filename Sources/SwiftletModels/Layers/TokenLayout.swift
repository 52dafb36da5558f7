import SwiftletTensor

/// How the tokens of a batch are arranged. Only attention reads it.
enum TokenLayout {
    /// `[batch, sequence]`. The mask is bool `[batch, 1, sequence, sequence]`, true where attention is allowed; `nil`
    /// allows all.
    case padded(mask: Tensor?)
    /// `[tokens]`: the index of each sequence's first token, and at the end the number of tokens.
    case packed(starts: [Int])

    /// A padded batch without padding gets no mask: then libtorch skips masking, as in Python.
    init(_ inputs: ModelInputs) {
        if let starts = inputs.sequenceStarts {
            self = .packed(starts: starts)
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

extension ModelInputs {
    /// Whether some place of a padded batch is padding.
    var hasPadding: Bool { sequenceStarts == nil && attentionMask.map { $0.eq(0).any() } == true }
}
