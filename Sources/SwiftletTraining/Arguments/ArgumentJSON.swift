public import SwiftletIO
import SwiftletNN
import SwiftletTensor

extension TrainingArguments {
    /// Every argument under its Python name, for `training_args.json` and for logs.
    public var json: JSONValue {
        func optional(_ value: Int?) -> JSONValue { value.map { .int($0) } ?? .null }
        func optional(_ value: Double?) -> JSONValue { value.map { .double($0) } ?? .null }
        func optional(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            "output_dir": .string(outputDir),
            "per_device_train_batch_size": .int(perDeviceTrainBatchSize),
            "per_device_eval_batch_size": .int(perDeviceEvalBatchSize),
            "num_train_epochs": .double(numTrainEpochs), "max_steps": .int(maxSteps),
            "gradient_accumulation_steps": .int(gradientAccumulationSteps),
            "sums_accumulated_gradients": .bool(sumsAccumulatedGradients),
            "learning_rate": .double(learningRate), "lr_scheduler_type": .string(lrSchedulerType.rawValue),
            "lr_scheduler_kwargs": .object(lrSchedulerKwargs), "warmup_steps": .double(warmupSteps),
            "optim": .string(optim.rawValue), "optim_args": optional(optimArgs), "weight_decay": .double(weightDecay),
            "adam_beta1": .double(adamBeta1), "adam_beta2": .double(adamBeta2), "adam_epsilon": .double(adamEpsilon),
            "max_grad_norm": .double(maxGradNorm), "layerwise_lr_decay": .double(layerwiseLRDecay),
            "freeze": .array(freeze.map { .string($0) }), "label_smoothing_factor": .double(labelSmoothingFactor),
            "class_weights": .array(classWeights.map { .double($0) }),
            "neftune_noise_alpha": optional(neftuneNoiseAlpha), "bf16": .bool(bf16),
            "use_cpu": .bool(useCPU), "kernels": .string(kernels.rawValue),
            "gradient_checkpointing": .bool(gradientCheckpointing),
            "logging_strategy": .string(loggingStrategy.rawValue), "logging_steps": .double(loggingSteps),
            "logging_first_step": .bool(loggingFirstStep), "logging_nan_inf_filter": .bool(loggingNaNInfFilter),
            "disable_tqdm": .bool(disableTqdm), "include_num_input_tokens_seen": .bool(includeNumInputTokensSeen),
            "eval_strategy": .string(evalStrategy.rawValue), "eval_steps": optional(evalSteps),
            "eval_delay": .double(evalDelay), "eval_on_start": .bool(evalOnStart),
            "prediction_loss_only": .bool(predictionLossOnly),
            "include_for_metrics": .array(includeForMetrics.map(\.rawValue).sorted().map { .string($0) }),
            "save_strategy": .string(saveStrategy.rawValue), "save_steps": .double(saveSteps),
            "save_total_limit": optional(saveTotalLimit), "save_only_model": .bool(saveOnlyModel),
            "load_best_model_at_end": .bool(loadBestModelAtEnd),
            "metric_for_best_model": optional(metricForBestModel),
            "greater_is_better": greaterIsBetter.map { .bool($0) } ?? .null, "ignore_data_skip": .bool(ignoreDataSkip),
            "seed": .int(Int(clamping: seed)), "data_seed": dataSeed.map { .int(Int(clamping: $0)) } ?? .null,
            "full_determinism": .bool(fullDeterminism), "dataloader_drop_last": .bool(dataloaderDropLast),
            "dataloader_num_workers": .int(dataloaderNumWorkers),
            "dataloader_prefetch_factor": optional(dataloaderPrefetchFactor),
            "train_sampling_strategy": .string(trainSamplingStrategy.rawValue),
            "max_tokens_per_batch": optional(maxTokensPerBatch), "ddp_timeout": .int(ddpTimeout),
            "ddp_find_unused_parameters": .bool(ddpFindUnusedParameters),
            "shards_optimizer_state": .bool(shardsOptimizerState),
        ]
    }
}
