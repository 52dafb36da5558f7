import SwiftletIO

/// The steps of a run, from the arguments and the number of batches.
package struct TrainingPlan {
    package let batchesPerEpoch: Int
    package let updatesPerEpoch: Int
    package let maxSteps: Int
    package let epochCount: Int
    package let warmupSteps: Int
    package let loggingSteps: Int
    package let evalSteps: Int
    package let saveSteps: Int

    /// How often a run is logged that is shorter than `logging_steps`.
    static let logsOfShortRun = 10

    /// - Parameter args: validated ones: each number of steps is at most 2^53.
    /// - Throws: `TrainingError` if there is no batch, or if there are more steps than can be counted.
    package init(_ args: TrainingArguments, batchesPerEpoch: Int, rowCount: Int) throws(TrainingError) {
        self.batchesPerEpoch = batchesPerEpoch
        guard batchesPerEpoch > 0 else {
            throw TrainingError(
                "\(rowCount) rows give no batch of \(args.perDeviceTrainBatchSize)",
                remedy: rowCount == 0 ? "The train split is empty." : "Lower the batch size or keep the last batch.",
                kind: .invalidData,
                at: ErrorLocation(split: "train", option: rowCount == 0 ? nil : "per_device_train_batch_size"))
        }
        updatesPerEpoch = Self.parts(of: batchesPerEpoch, size: args.gradientAccumulationSteps)
        if args.maxSteps > 0 {
            maxSteps = args.maxSteps
            epochCount = Self.parts(of: args.maxSteps, size: updatesPerEpoch)
        } else {
            let steps = args.numTrainEpochs * Double(updatesPerEpoch)
            maxSteps = try Self.count(steps, "num_train_epochs", args.numTrainEpochs)
            epochCount = try Self.count(args.numTrainEpochs, "num_train_epochs", args.numTrainEpochs)
        }
        let total = maxSteps
        func steps(_ name: String, _ value: Double) throws(TrainingError) -> Int {
            guard value < 1 else { return try Self.count(value.rounded(.down), name, value) }
            return max(try Self.count(Double(total) * value, name, value), 1)
        }
        warmupSteps = args.warmupSteps == 0 ? 0 : try steps("warmup_steps", args.warmupSteps)
        let asked = try steps("logging_steps", args.loggingSteps)
        // Otherwise such a run would log nothing, and have no curve.
        loggingSteps = asked > total ? Self.parts(of: total, size: Self.logsOfShortRun) : asked
        evalSteps = try steps("eval_steps", args.evalInterval)
        saveSteps = try steps("save_steps", args.saveSteps)
    }

    /// How many parts of a size something has, the last one perhaps smaller.
    private static func parts(of count: Int, size: Int) -> Int { count / size + (count % size == 0 ? 0 : 1) }

    /// A number of steps, rounded up.
    private static func count(_ steps: Double, _ name: String, _ value: Double) throws(TrainingError) -> Int {
        let rounded = steps.rounded(.up)
        guard rounded <= 0x1p53, let count = Int(exactly: rounded) else {
            throw TrainingError(
                "\(name) is \(value), which is more steps than can be counted", remedy: "Lower it.",
                kind: .invalidArgument, at: ErrorLocation(option: name))
        }
        return count
    }
}
