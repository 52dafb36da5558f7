import SwiftletIO
import SwiftletNN
import SwiftletTensor

extension TrainingArguments {
    /// Checks each argument's range, and what depends on more than one of them.
    ///
    /// - Throws: `TrainingError` that names the argument.
    public func validate() throws(TrainingError) {
        for argument in TrainingArgument.all { try argument.check(self) }
        func require(_ holds: Bool, _ name: String, _ value: Any, _ rule: String) throws(TrainingError) {
            guard holds else {
                throw TrainingError(
                    "\(name) is \(value); it must be \(rule)", remedy: "Correct it, or leave it out.",
                    kind: .invalidArgument, at: ErrorLocation(option: name))
            }
        }
        try require(maxSteps > 0 || numTrainEpochs > 0, "num_train_epochs", numTrainEpochs, "above 0")
        try require(loggingStrategy != .steps || loggingSteps > 0, "logging_steps", loggingSteps, "above 0")
        try require(evalStrategy != .steps || evalInterval > 0, "eval_steps", evalInterval, "above 0")
        try require(saveStrategy != .steps || saveSteps > 0, "save_steps", saveSteps, "above 0")
        if let factor = dataloaderPrefetchFactor {
            try require(
                dataloaderNumWorkers > 0, "dataloader_prefetch_factor", factor,
                "left out without workers; set dataloader_num_workers too")
        }
        try checkPrecision()
        try checkOptimizer()
        try checkBestModel()
    }

    private func checkPrecision() throws(TrainingError) {
        func refuse(_ message: String, _ remedy: String, _ commandLine: String, _ option: String) -> TrainingError {
            TrainingError(
                message, remedy: remedy, commandLine: commandLine, kind: .invalidArgument,
                at: ErrorLocation(option: option))
        }
        if fp16, bf16 {
            throw refuse(
                "fp16 and bf16 are both set; products have one type", "Set one of them.", "Give --fp16 or --bf16.",
                "fp16")
        }
        if fp16FullEval, bf16FullEval {
            throw refuse(
                "fp16_full_eval and bf16_full_eval are both set; weights have one type", "Set one of them.",
                "Give --fp16-full-eval or --bf16-full-eval.", "fp16_full_eval")
        }
        let whyNoGPU: String? = useCPU ? "use_cpu is set" : Device.isCUDAAvailable ? nil : "there is none"
        if fp16, let whyNoGPU { throw .noGPU("fp16", whyNoGPU) }
        if tf32 == true, let whyNoGPU {
            throw refuse(
                "tf32 needs an NVIDIA GPU, and \(whyNoGPU)", "Leave tf32 out.", "Leave --tf32 out.", "tf32")
        }
        if autoFindBatchSize, maxTokensPerBatch != nil {
            throw refuse(
                "auto_find_batch_size changes the rows of a batch, and max_tokens_per_batch makes batches by tokens",
                "Set one of them.", "Give --auto-find-batch-size or --max-tokens-per-batch.", "auto_find_batch_size")
        }
    }

    /// The type of the products of a training and its evaluations; `nil` is float32.
    var autocastDType: DType? { bf16 ? .bfloat16 : fp16 ? .float16 : nil }

    /// The type of all weights in evaluations outside of a training; `nil` is the model's.
    var fullEvalDType: DType? { bf16FullEval ? .bfloat16 : fp16FullEval ? .float16 : nil }

    private func checkOptimizer() throws(TrainingError) {
        let options: SchedulerOptions
        do { options = try schedulerOptions() } catch {
            throw TrainingError(error.message, remedy: error.remedy, kind: .invalidArgument, at: error.location)
        }
        let end = options.endLearningRate ?? 1e-7
        if lrSchedulerType == .polynomial, learningRate <= end {
            throw TrainingError(
                "learning_rate is \(learningRate); it must be above \(end), where the polynomial schedule ends",
                remedy: "Raise it, or lower lr_end in lr_scheduler_kwargs.", kind: .invalidArgument,
                at: ErrorLocation(option: "learning_rate"))
        }
        _ = try OptimizerSettings(self)
        if lrSchedulerType == .reduceLROnPlateau, evalStrategy == .no {
            throw TrainingError(
                "lr_scheduler_type reduce_lr_on_plateau follows evaluations, and eval_strategy is 'no'",
                remedy: "Set eval_strategy to epoch or steps.", commandLine: "Give --eval-strategy epoch or steps.",
                kind: .invalidArgument, at: ErrorLocation(option: "lr_scheduler_type"))
        }
    }

    func schedulerOptions() throws(SchedulerError) -> SchedulerOptions {
        try SchedulerOptions(lrSchedulerKwargs, for: lrSchedulerType)
    }

    private func checkBestModel() throws(TrainingError) {
        if saveStrategy == .best, evalStrategy == .no {
            throw TrainingError(
                "save_strategy 'best' needs evaluations", remedy: "Set eval_strategy to epoch or steps.",
                commandLine: "Give --eval-strategy epoch or steps.", kind: .invalidArgument,
                at: ErrorLocation(option: "save_strategy"))
        }
        guard loadBestModelAtEnd else { return }
        if saveStrategy == .no || evalStrategy == .no {
            throw TrainingError(
                "load_best_model_at_end needs evaluations and checkpoints; eval_strategy is '\(evalStrategy.rawValue)' "
                    + "and save_strategy '\(saveStrategy.rawValue)'",
                remedy: "Set both to epoch, or both to steps.",
                commandLine: "Give --eval-strategy and --save-strategy epoch, or steps for both.",
                kind: .invalidArgument, at: ErrorLocation(option: "load_best_model_at_end"))
        }
        if saveStrategy != .best, saveStrategy.rawValue != evalStrategy.rawValue {
            throw TrainingError(
                "load_best_model_at_end needs save_strategy and eval_strategy to be the same; they are "
                    + "'\(saveStrategy.rawValue)' and '\(evalStrategy.rawValue)'",
                remedy: "Set both to epoch, or both to steps, or save_strategy to best.",
                commandLine:
                    "Give --eval-strategy and --save-strategy epoch, or steps for both, or --save-strategy best.",
                kind: .invalidArgument, at: ErrorLocation(option: "load_best_model_at_end"))
        }
        if saveStrategy == .steps {
            let every = evalInterval
            let isMultiple =
                (saveSteps / every).rounded() * every == saveSteps
                || (every < 1 && saveSteps < 1
                    && abs((saveSteps / every).rounded() - saveSteps / every) < 1e-9)
            guard isMultiple else {
                throw TrainingError(
                    "load_best_model_at_end needs save_steps to be a multiple of eval_steps; they are \(saveSteps) and \(every)",
                    remedy: "Set save_steps to a multiple of eval_steps.",
                    commandLine: "Give --save-steps a multiple of --eval-steps.", kind: .invalidArgument,
                    at: ErrorLocation(option: "save_steps"))
            }
        }
    }

    /// Steps between evaluations, or a share of all; as in Python, 0 means `loggingSteps` too.
    var evalInterval: Double { evalSteps.flatMap { $0 == 0 ? nil : $0 } ?? loggingSteps }

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
