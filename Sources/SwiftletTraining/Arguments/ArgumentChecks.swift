import SwiftletIO
import SwiftletNN
import SwiftletTensor

extension TrainingArguments {
    /// - Throws: `TrainingError` that names the argument.
    public func validate() throws(TrainingError) {
        func require(_ holds: Bool, _ name: String, _ value: Any, _ rule: String) throws(TrainingError) {
            guard holds else {
                throw TrainingError("\(name) is \(value); it must be \(rule)", at: ErrorLocation(option: name))
            }
        }
        try require(!outputDir.isEmpty, "output_dir", "empty", "a path")
        try require(
            perDeviceTrainBatchSize > 0, "per_device_train_batch_size", perDeviceTrainBatchSize, "at least 1")
        try require(ddpTimeout > 0, "ddp_timeout", ddpTimeout, "at least 1")
        try require(perDeviceEvalBatchSize > 0, "per_device_eval_batch_size", perDeviceEvalBatchSize, "at least 1")
        try require(
            maxSteps > 0 || (numTrainEpochs > 0 && numTrainEpochs.isFinite), "num_train_epochs", numTrainEpochs,
            "above 0")
        try require(
            gradientAccumulationSteps > 0, "gradient_accumulation_steps", gradientAccumulationSteps, "at least 1")
        try checkOptimizer(require)
        try require(loggingStrategy != .steps || loggingSteps > 0, "logging_steps", loggingSteps, "above 0")
        if evalStrategy == .steps, let evalSteps { try require(evalSteps > 0, "eval_steps", evalSteps, "above 0") }
        try require(evalDelay >= 0, "eval_delay", evalDelay, "at least 0")
        try require(saveStrategy != .steps || saveSteps > 0, "save_steps", saveSteps, "above 0")
        if let saveTotalLimit { try require(saveTotalLimit > 0, "save_total_limit", saveTotalLimit, "at least 1") }
        try require(dataloaderNumWorkers >= 0, "dataloader_num_workers", dataloaderNumWorkers, "at least 0")
        if let factor = dataloaderPrefetchFactor {
            try require(factor > 0, "dataloader_prefetch_factor", factor, "at least 1")
            try require(
                dataloaderNumWorkers > 0, "dataloader_prefetch_factor", factor,
                "left out without workers; set dataloader_num_workers too")
        }
        if let budget = maxTokensPerBatch { try require(budget > 0, "max_tokens_per_batch", budget, "at least 1") }
        try checkBestModel()
    }

    private typealias Rule = (Bool, String, Any, String) throws(TrainingError) -> Void

    private func checkOptimizer(_ require: Rule) throws(TrainingError) {
        try require(learningRate >= 0 && learningRate.isFinite, "learning_rate", learningRate, "a number from 0")
        try require(
            lrSchedulerType != .polynomial || learningRate > 1e-7, "learning_rate", learningRate,
            "above 1e-07, where the polynomial schedule ends")
        try require(warmupSteps >= 0 && warmupSteps.isFinite, "warmup_steps", warmupSteps, "at least 0")
        try require(weightDecay >= 0, "weight_decay", weightDecay, "at least 0")
        try require((0..<1).contains(adamBeta1), "adam_beta1", adamBeta1, "at least 0 and below 1")
        try require((0..<1).contains(adamBeta2), "adam_beta2", adamBeta2, "at least 0 and below 1")
        try require(adamEpsilon >= 0, "adam_epsilon", adamEpsilon, "at least 0")
        try require(maxGradNorm >= 0, "max_grad_norm", maxGradNorm, "at least 0")
        try require(
            layerwiseLRDecay > 0 && layerwiseLRDecay <= 1, "layerwise_lr_decay", layerwiseLRDecay,
            "above 0 and at most 1")
        try require(
            (0..<1).contains(labelSmoothingFactor), "label_smoothing_factor", labelSmoothingFactor,
            "at least 0 and below 1")
        try require(
            classWeights.allSatisfy { $0 >= 0 && $0.isFinite }, "class_weights", classWeights, "numbers from 0")
        if let alpha = neftuneNoiseAlpha { try require(alpha >= 0, "neftune_noise_alpha", alpha, "at least 0") }
        do {
            _ = try schedulerOptions()
        } catch { throw TrainingError(error.message, remedy: error.remedy, at: error.location) }
        _ = try OptimizerSettings(self)
        if lrSchedulerType == .reduceLROnPlateau, evalStrategy == .no {
            throw TrainingError(
                "lr_scheduler_type reduce_lr_on_plateau follows evaluations, and eval_strategy is 'no'",
                remedy: "Set eval_strategy to epoch or steps.")
        }
    }

    func schedulerOptions() throws(SchedulerError) -> SchedulerOptions {
        try SchedulerOptions(lrSchedulerKwargs, for: lrSchedulerType)
    }

    private func checkBestModel() throws(TrainingError) {
        if saveStrategy == .best, evalStrategy == .no {
            throw TrainingError("save_strategy 'best' needs evaluations", remedy: "Set eval_strategy to epoch or steps.")
        }
        guard loadBestModelAtEnd else { return }
        if saveStrategy == .no || evalStrategy == .no {
            throw TrainingError(
                "load_best_model_at_end needs evaluations and checkpoints; eval_strategy is '\(evalStrategy.rawValue)' "
                    + "and save_strategy '\(saveStrategy.rawValue)'",
                remedy: "Set both to epoch, or both to steps.")
        }
        if saveStrategy != .best, saveStrategy.rawValue != evalStrategy.rawValue {
            throw TrainingError(
                "load_best_model_at_end needs save_strategy and eval_strategy to be the same; they are "
                    + "'\(saveStrategy.rawValue)' and '\(evalStrategy.rawValue)'",
                remedy: "Set both to epoch, or both to steps, or save_strategy to best.")
        }
        if saveStrategy == .steps {
            let every = evalSteps ?? loggingSteps
            let isMultiple = (saveSteps / every).rounded() * every == saveSteps || (every < 1 && saveSteps < 1
                && abs((saveSteps / every).rounded() - saveSteps / every) < 1e-9)
            guard isMultiple else {
                throw TrainingError(
                    "load_best_model_at_end needs save_steps to be a multiple of eval_steps; they are \(saveSteps) and \(every)",
                    remedy: "Set save_steps to a multiple of eval_steps.")
            }
        }
    }

    /// The metric that decides which model is best, with `eval_` before its name; `nil` if none does.
    var bestMetricName: String? {
        let needsOne = loadBestModelAtEnd || saveStrategy == .best || lrSchedulerType == .reduceLROnPlateau
        guard let name = metricForBestModel ?? (needsOne ? "loss" : nil) else { return nil }
        return name.hasPrefix("eval_") ? name : "eval_\(name)"
    }

    var greaterIsBest: Bool { greaterIsBetter ?? !(bestMetricName?.hasSuffix("loss") ?? true) }

    /// What keeps a run off the fused kernels, as the beginning of a sentence; `nil` if nothing does.
    func whyNotFused(on state: ModelState) -> String? {
        if state.device != .cpu, !state.device.isCUDA { return "a model on \(state.device)" }
        if gradientCheckpointing { return "gradient_checkpointing" }
        if neftuneNoiseAlpha != nil { return "neftune_noise_alpha" }
        return nil
    }
}
