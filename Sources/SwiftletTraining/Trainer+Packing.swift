import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTokenizers

extension Trainer {
    /// What makes the batches of a pass: packed ones where the fused kernels are to run, or a GPU's for packed tokens,
    /// which compute no padding, and where all the model answers is one row for each row. Padded ones for libtorch's operations, whose results are
    /// Python's to the bit, and where padding counts: among an answer's positions, and in the random draws of heads on
    /// tokens.
    public func collator(isTraining: Bool) -> any DataCollator {
        guard let packing else { return collator }
        let store = model.state.store
        var policy = model.state.execution
        policy.isTraining = isTraining
        let isFused = policy.runsFused(
            dtype: store.dtype, device: store.device, autocastDType: args.autocastDType ?? policy.autocastDType)
        let isPackedOnGPU = policy.runsPackedOnGPU(device: store.device) && model.encoder.attendsToPackedOnGPU
        return isFused || isPackedOnGPU ? packing : collator
    }

    /// `nil` for models whose answers for packed rows are others than for padded ones.
    static func packing(_ model: any PretrainedModel, _ tokenizer: Tokenizer) throws -> DataCollatorWithFlattening? {
        let canPack =
            switch model {
            case is SequenceClassifier: true
            // ELECTRA's head may read the last position of a row, or all, which is padding in Python.
            case is MultipleChoice: (model.config.json["summary_type"]?.string ?? "first") == "first"
            default: false
            }
        // Padding on the left shifts positions.
        return canPack && tokenizer.paddingSide == .right ? try DataCollatorWithFlattening(tokenizer: tokenizer) : nil
    }
}
