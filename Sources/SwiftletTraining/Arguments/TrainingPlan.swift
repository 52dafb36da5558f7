/// The steps of a run, from the arguments and the number of batches.
struct TrainingPlan {
    let batchesPerEpoch: Int
    let updatesPerEpoch: Int
    let maxSteps: Int
    let epochCount: Int
    let warmupSteps: Int
    let loggingSteps: Int
    let evalSteps: Int
    let saveSteps: Int

    init(_ args: TrainingArguments, batchesPerEpoch: Int, rowCount: Int) throws(TrainingError) {
        self.batchesPerEpoch = batchesPerEpoch
        guard batchesPerEpoch > 0 else {
            throw TrainingError(
                "\(rowCount) rows give no batch of \(args.perDeviceTrainBatchSize)",
                remedy: rowCount == 0 ? "The train split is empty." : "Lower the batch size or keep the last batch.")
        }
        let accumulation = args.gradientAccumulationSteps
        updatesPerEpoch = max((batchesPerEpoch + accumulation - 1) / accumulation, 1)
        if args.maxSteps > 0 {
            maxSteps = args.maxSteps
            epochCount = (args.maxSteps + updatesPerEpoch - 1) / updatesPerEpoch
        } else {
            maxSteps = Int((args.numTrainEpochs * Double(updatesPerEpoch)).rounded(.up))
            epochCount = Int(args.numTrainEpochs.rounded(.up))
        }
        let total = maxSteps
        func steps(_ value: Double) -> Int {
            max(value < 1 ? Int((Double(total) * value).rounded(.up)) : Int(value), 1)
        }
        warmupSteps = args.warmupSteps == 0 ? 0 : steps(args.warmupSteps)
        loggingSteps = steps(args.loggingSteps)
        evalSteps = steps(args.evalSteps ?? args.loggingSteps)
        saveSteps = steps(args.saveSteps)
    }
}
