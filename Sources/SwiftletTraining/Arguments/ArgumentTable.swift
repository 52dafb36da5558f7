import SwiftletIO

extension TrainingArgument {
    /// Every argument that a run honours, in the order of `training_args.json` and of the command line's help.
    public static let all: [TrainingArgument] =
        output + length + optimizer + loss + speed + logging + evaluation + checkpoints + rows + processes

    /// The most that sizes of batches and groups of them may be: products of three such numbers still can be counted.
    private static let size = 1 << 20

    private static let output = [
        argument(
            "output_dir", \.outputDir, .output, ArgumentRule("a path") { !$0.isEmpty },
            traits: [.mayDifferBetweenProcesses, .changesNoResult], adapting: FileSystem.expandingTilde,
            help: "Folder for the model, the results and the trainer's state.")
    ]

    private static let length = [
        argument(
            "per_device_train_batch_size", \.perDeviceTrainBatchSize, .length, .from(1, to: size),
            help: "Examples a step."),
        argument(
            "per_device_eval_batch_size", \.perDeviceEvalBatchSize, .length, .from(1, to: size),
            help: "Examples a step of evaluation."),
        argument(
            "auto_find_batch_size", \.autoFindBatchSize, .length,
            help: "Begin anew with smaller batches where they don't fit in memory."),
        argument(
            "num_train_epochs", \.numTrainEpochs, .length, .from(0, to: 1e9),
            help: "Passes over the data; may be a fraction."),
        argument(
            "max_steps", \.maxSteps, .length, .from(-1),
            help: "Number of updates; overrides the epochs where it is above 0."),
        argument(
            "gradient_accumulation_steps", \.gradientAccumulationSteps, .length, .from(1, to: size),
            help: "Batches an update; gradients are their mean."),
        argument(
            "sums_accumulated_gradients", \.sumsAccumulatedGradients, .length,
            help: "Add accumulated gradients up, as Python's Trainer does with these models."),
    ]

    private static let optimizer = [
        argument(
            "learning_rate", \.learningRate, .optimizer, .from(0), help: "The largest learning rate of the schedule."),
        argument("lr_scheduler_type", \.lrSchedulerType, .optimizer, help: "How the learning rate changes."),
        argument(
            "lr_scheduler_kwargs", \.lrSchedulerKwargs, .optimizer,
            help: "The schedule's own settings as JSON, such as {\"num_cycles\": 2}."),
        argument(
            "warmup_steps", \.warmupSteps, .optimizer, .from(0, to: 0x1p53),
            help: "Steps, or a share of all steps if below 1."),
        argument("optim", \.optim, .optimizer, help: "The optimizer."),
        argument(
            "optim_args", \.optimArgs, .optimizer,
            help: "The optimizer's own settings, such as momentum=0.9,nesterov=true."),
        argument(
            "weight_decay", \.weightDecay, .optimizer, .from(0),
            help: "Of everything but biases and normalization layers, at each step times the learning rate."),
        argument(
            "adam_beta1", \.adamBeta1, .optimizer, .from(0, below: 1),
            help: "How slowly Adam's mean of gradients moves."),
        argument(
            "adam_beta2", \.adamBeta2, .optimizer, .from(0, below: 1),
            help: "How slowly Adam's mean of squared gradients moves."),
        argument("adam_epsilon", \.adamEpsilon, .optimizer, .from(0), help: "Added to Adam's divisor."),
        argument(
            "max_grad_norm", \.maxGradNorm, .optimizer, .from(0),
            help: "Gradients are scaled down to this norm; 0 switches it off."),
        argument(
            "layerwise_lr_decay", \.layerwiseLRDecay, .optimizer,
            ArgumentRule("above 0 and at most 1") { $0 > 0 && $0 <= 1 },
            help: "Each layer learns this much slower than the one above it."),
        argument("freeze", \.freeze, .optimizer, help: "Parameters not to train: names, or what names begin with."),
    ]

    private static let loss = [
        argument(
            "label_smoothing_factor", \.labelSmoothingFactor, .loss, .from(0, below: 1),
            help: "The share of each label that goes to all classes alike."),
        argument(
            "class_weights", \.classWeights, .loss,
            ArgumentRule("numbers from 0 to 1e15") { $0.allSatisfy { (0...1e15).contains($0) } },
            help: "A weight for each class in the loss."),
        argument(
            "neftune_noise_alpha", \.neftuneNoiseAlpha, .loss, .from(0, to: 1e6),
            help: "Noise on the embeddings in training (NEFTune)."),
        argument("bf16", \.bf16, .loss, help: "Matrix products in bfloat16; weights stay float32."),
        argument(
            "fp16", \.fp16, .loss,
            help: "Matrix products in float16 with a scaled loss, on a GPU; weights stay float32."),
        argument(
            "bf16_full_eval", \.bf16FullEval, .loss,
            help: "All weights in bfloat16 in evaluations outside of the training."),
        argument(
            "fp16_full_eval", \.fp16FullEval, .loss,
            help: "All weights in float16 in evaluations outside of the training."),
        argument(
            "tf32", \.tf32, .loss, form: .valueOrFlag,
            help: "Whether float32 products on a GPU may round to TensorFloat-32."),
        argument(
            "gradient_checkpointing", \.gradientCheckpointing, .loss,
            help: "Compute layers again in the backward pass instead of keeping their results."),
    ]

    private static let speed = [
        argument(
            "kernels", \.kernels, .speed,
            help: "fused: kernels without padding; reference: libtorch's operations in Python's order, for its "
                + "numbers."),
        argument("use_cpu", \.useCPU, .speed, help: "Stay on the CPU, also where there is a GPU."),
    ]

    private static let logging = [
        argument("logging_strategy", \.loggingStrategy, .logging, help: "When losses are logged."),
        argument(
            "logging_steps", \.loggingSteps, .logging, .steps,
            help: "Steps, or a share of all steps if below 1; a run that is shorter logs ten times."),
        argument("logging_first_step", \.loggingFirstStep, .logging, help: "Log the first step too."),
        argument(
            "logging_nan_inf_filter", \.loggingNaNInfFilter, .logging,
            help: "A loss that is not finite counts as the mean of the others in the log and in evaluations."),
        argument(
            "disable_tqdm", \.disableTqdm, .logging, traits: [.mayDifferBetweenProcesses, .changesNoResult],
            help: "No progress bar."),
        argument(
            "include_num_input_tokens_seen", \.includeNumInputTokensSeen, .logging, form: .valueOrFlag,
            synonyms: ["no": false, "all": true], help: "Log the number of input tokens so far: all or no."),
    ]

    private static let evaluation = [
        argument(
            "eval_strategy", \.evalStrategy, .evaluation, help: "When the validation split is evaluated in training."),
        argument(
            "eval_steps", \.evalSteps, .evaluation, .steps,
            help: "Steps, or a share of all steps; by default as --logging-steps."),
        argument(
            "eval_delay", \.evalDelay, .evaluation, .from(0), help: "Steps or epochs before the first evaluation."),
        argument("eval_on_start", \.evalOnStart, .evaluation, help: "Evaluate before the first step too."),
        argument("prediction_loss_only", \.predictionLossOnly, .evaluation, help: "No metrics but the loss."),
        argument(
            "include_for_metrics", \.includeForMetrics, .evaluation, traits: [.forPrograms],
            help: "What else a metric of one's own is given beside predictions and labels."),
        argument(
            "batch_eval_metrics", \.batchEvalMetrics, .evaluation, traits: [.forPrograms],
            help: "Call a metric of one's own with each batch of an evaluation."),
    ]

    private static let checkpoints = [
        argument("save_strategy", \.saveStrategy, .checkpoints, help: "When checkpoints are written."),
        argument("save_steps", \.saveSteps, .checkpoints, .steps, help: "Steps, or a share of all steps if below 1."),
        argument(
            "save_total_limit", \.saveTotalLimit, .checkpoints, .from(1), traits: [.changesNoResult],
            help: "Delete older checkpoints, never the best nor the newest."),
        argument(
            "save_only_model", \.saveOnlyModel, .checkpoints, traits: [.changesNoResult],
            help: "Checkpoints that can't be resumed, but are smaller."),
        argument(
            "load_best_model_at_end", \.loadBestModelAtEnd, .checkpoints, help: "Keep the best checkpoint's weights."),
        argument("metric_for_best_model", \.metricForBestModel, .checkpoints, help: "Such as f1; by default the loss."),
        argument(
            "greater_is_better", \.greaterIsBetter, .checkpoints,
            help: "true or false; by default by the metric's name."),
        argument(
            "ignore_data_skip", \.ignoreDataSkip, .checkpoints,
            help: "Resume at the start of the epoch instead of after the rows already seen."),
        argument(
            "restore_callback_states_from_checkpoint", \.restoreCallbackStatesFromCheckpoint, .checkpoints,
            help: "Resume callbacks where they were, such as the patience of early stopping."),
    ]

    private static let rows = [
        argument("seed", \.seed, .rows, seed, help: "Of dropout and of the order of the rows."),
        argument("data_seed", \.dataSeed, .rows, seed, help: "Seed of the order of the rows; by default --seed."),
        argument(
            "full_determinism", \.fullDeterminism, .rows,
            help: "Fail rather than use an operation that is not deterministic."),
        argument(
            "dataloader_drop_last", \.dataloaderDropLast, .rows,
            help: "Leave out the last batch of an epoch if it is not full."),
        argument(
            "dataloader_num_workers", \.dataloaderNumWorkers, .rows, .from(0, to: 1024),
            traits: [.mayDifferBetweenProcesses, .changesNoResult],
            help: "Above 0: make batches ahead on another thread."),
        argument(
            "dataloader_prefetch_factor", \.dataloaderPrefetchFactor, .rows, .from(1, to: 1024),
            traits: [.mayDifferBetweenProcesses, .changesNoResult],
            help: "Batches made ahead for each worker; by default 2."),
        argument(
            "train_sampling_strategy", \.trainSamplingStrategy, .rows,
            help: "The order in which training rows are taken."),
        argument(
            "max_tokens_per_batch", \.maxTokensPerBatch, .rows, .from(1, to: 1 << 40),
            help: "Batches by tokens, padding included, instead of by rows."),
    ]

    /// JSON has whole numbers up to 2^63 - 1.
    private static let seed = ArgumentRule<UInt64>("from 0 to 9223372036854775807") { $0 <= UInt64(Int.max) }

    private static let processes = [
        argument(
            "ddp_timeout", \.ddpTimeout, .processes, .from(1, to: 1_000_000_000),
            help: "Seconds that an operation waits for the other processes."),
        argument(
            "ddp_find_unused_parameters", \.ddpFindUnusedParameters, .processes,
            help: "Allow for parameters that have no part in the loss."),
        argument(
            "shards_optimizer_state", \.shardsOptimizerState, .processes,
            help: "Share the optimizer's state out to the processes (ZeRO stage 1)."),
        argument(
            "average_tokens_across_devices", \.averageTokensAcrossDevices, .processes,
            help: "Labels of all processes count together where a loss is divided by their number."),
    ]
}
