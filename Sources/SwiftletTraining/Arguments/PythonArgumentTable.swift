import SwiftletIO
import SwiftletRunLog

extension PythonArgument {
    /// The names of `transformers.TrainingArguments` 5.23, and those that versions 4 had, which `TrainingArgument.all`
    /// has not.
    public static let all: [PythonArgument] = present + removed + ofScripts

    private static let present: [PythonArgument] = [
        .refused(
            "optim_target_modules", "belongs to optimizers such as GaLore, which are not implemented; leave it out"),
        .renamed("activation_checkpointing", "gradient_checkpointing", isFlag: true),
        checkpointingKwargs("activation_checkpointing_kwargs"),
        checkpointingKwargs("gradient_checkpointing_kwargs"),
        .refused("torch_compile", isFlag: true, default: false, "compiles Python; there is none here"),
        .refused("torch_compile_backend", "compiles Python; there is none here"),
        .refused("torch_compile_mode", "compiles Python; there is none here"),
        .refused(
            "use_liger_kernel", isFlag: true, default: false,
            "is a Python library; --kernels fused, the default, has fused kernels of its own"),
        .refused("liger_kernel_config", "is for a Python library; leave it out"),
        .refused("use_cache", isFlag: true, default: false, "is for models that generate text; leave it out"),
        .refused("torch_empty_cache_steps", "is not implemented; leave it out"),
        .only(
            "log_on_each_node", false, isFlag: true, default: true, note: "only the first process of all logs anyway",
            else: "is not implemented: only the first process of all logs"),
        .only(
            "log_level", "passive", "info", default: "passive", note: "this is how much is said anyway",
            else: "has passive and info here; use --verbose to see more, --quiet to see less"),
        .only(
            "log_level_replica", "warning", "error", "passive", default: "warning",
            note: "processes but the first say no more than errors anyway",
            else: "is not implemented: processes but the first say no more than errors"),
        PythonArgument("run_name") { value, others in
            // Versions 4 wrote the output folder's name here.
            value == others("output_dir")
                ? .anyway(note: "runs have the name of output_dir anyway")
                : .refused("names runs for services that are not implemented; a run has the name of its output_dir")
        },
        .refused(
            "project", default: "huggingface", "is for Trackio, which is not implemented; use --report-to tensorboard"),
        .refused("trackio_space_id", default: "trackio", trackio),
        .refused("trackio_bucket_id", trackio),
        .refused("trackio_static_space_id", trackio),
        .only(
            "eval_do_concat_batches", true, isFlag: true, default: true, note: "predictions are joined anyway",
            else: "can't be switched off: predictions of all batches are joined"),
        .refused(
            "eval_use_gather_object", isFlag: true, default: false,
            "is not needed: predictions of all processes are gathered whatever their shape"),
        .only(
            "eval_accumulation_steps", 1, note: "predictions leave a GPU after every batch anyway",
            else: "is not needed: predictions leave a GPU after every batch"),
        .refused(
            "save_on_each_node", isFlag: true, default: false,
            "is not implemented: only the first process writes, and the others need no access to its disk"),
        .only(
            "enable_jit_checkpoint", true, isFlag: true, default: false,
            note: "a run that is asked to end writes a checkpoint anyway", else: "is not implemented; leave it out"),
        .refused("hub_token", "would show the token to everybody on this machine; set HF_TOKEN"),
        PythonArgument("hub_strategy") { value, others in
            if value == "end" { return .anyway(note: "the upload comes at the end of the training anyway") }
            return others("push_to_hub") == true
                ? .refused("has only 'end' here: the upload comes at the end of the training")
                : .anyway(note: nil)
        },
        .refused(
            "hub_always_push", isFlag: true, default: false, "is not implemented: there is one upload, at the end"),
        .refused("hub_revision", "is not implemented: uploads go to the main branch"),
        acceleratorConfig,
        .refused("parallelism_config", "is for models that are split between devices, which is not implemented"),
        .only(
            "dataloader_pin_memory", false, isFlag: true, default: true, note: "memory is not pinned anyway",
            else: "is not implemented: memory is not pinned; leave it out"),
        .only(
            "dataloader_persistent_workers", true, isFlag: true, default: false,
            note: "workers are threads, which cost nothing to start", else: "is not implemented; leave it out"),
        .refused("dataloader_multiprocessing_context", "is for processes; workers are threads here"),
        .only(
            "dataloader_in_order", true, isFlag: true, default: true, note: "batches come in order anyway",
            else: "can't be switched off: batches come in order"),
        .only(
            "remove_unused_columns", true, isFlag: true, default: true,
            note: "columns that the model does not take are left aside anyway",
            else: "can't be switched off: the model takes no other columns"),
        labelNames,
        .refused("length_column_name", default: "length", "is not needed: lengths are those of input_ids"),
        .refused("ddp_bucket_cap_mb", "is not implemented; leave it out"),
        .only(
            "ddp_broadcast_buffers", false, isFlag: true,
            note: "no model here has buffers that training changes, so nothing is broadcast",
            else: "is not needed: no model here has buffers that training changes"),
        .refused("ddp_static_graph", isFlag: true, default: false, "is not implemented; leave it out"),
        PythonArgument("ddp_backend") { value, others in
            let onCPU = others("use_cpu") == true || others("no_cuda") == true
            return value == "gloo" && onCPU
                ? .anyway(note: "processes on CPUs use Gloo anyway")
                : .refused("follows from the device, Gloo for CPUs and NCCL for GPUs; give --use-cpu, or leave it out")
        },
        .refused(
            "fsdp", default: false,
            "is not implemented; --shards-optimizer-state shares the optimizer's state out to the processes"),
        PythonArgument("fsdp_config") { value, _ in
            let nothing: [JSONValue] = [nil, false, 0, "", []]
            return value.object?.values.allSatisfy(nothing.contains) == true
                ? .anyway(note: nil)
                : .refused("is not implemented; --shards-optimizer-state shares the optimizer's state out")
        },
        .refused("deepspeed", "is a Python library; leave it out"),
        .refused("debug", "is not implemented; leave it out"),
        .only(
            "skip_memory_metrics", true, isFlag: true, default: true, note: "memory is not logged anyway",
            else: "is not implemented: memory is not logged; leave it out"),
        localRank,
    ]

    private static let trackio = "is for Trackio, which is not implemented; leave it out"

    /// Recomputing activations gives the same numbers with and without re-entrance.
    private static func checkpointingKwargs(_ name: String) -> PythonArgument {
        PythonArgument(name) { value, _ in
            for (key, setting) in value.object ?? ["": nil] {
                switch (key, setting) {
                case ("use_reentrant", .bool), ("preserve_rng_state", true), ("every_n_layers", 1), ("offload", false):
                    continue
                default:
                    return .refused("takes use_reentrant, which makes no difference, and nothing else; leave it out")
                }
            }
            return .anyway(note: "layers are computed again with the same random numbers, re-entrant or not")
        }
    }

    private static let acceleratorConfig = PythonArgument(
        "accelerator_config",
        default: [
            "split_batches": false, "dispatch_batches": nil, "even_batches": true, "use_seedable_sampler": true,
            "non_blocking": false, "gradient_accumulation_kwargs": nil,
        ]
    ) { value, _ in
        let held: JSONObject = [
            "split_batches": false, "dispatch_batches": false, "even_batches": true, "use_seedable_sampler": true,
            "non_blocking": false, "use_configured_state": false,
        ]
        guard let object = value.object else {
            return .refused("is an object here, such as {\"even_batches\": true}; a file of it is not read")
        }
        for (key, setting) in object where !setting.isNull && held[key] != setting {
            return .refused("has no '\(key)' \(setting.text()) in the Trainer; use Accelerator in a loop of your own")
        }
        return .anyway(note: "this is how the Trainer works anyway")
    }

    /// In Python these are the inputs of a model that hold labels, and not the names of classes.
    private static let labelNames = PythonArgument("label_names") { value, _ in
        let known: Set<String> = ["label", "labels", "label_ids", "start_positions", "end_positions"]
        let names = (value.array ?? [value]).map { $0.string ?? "" }
        return known.isSuperset(of: names)
            ? .anyway(note: "the columns of labels are known anyway")
            : .refused("names the inputs that hold labels, which are labels, or start_positions and end_positions")
    }

    /// Old launchers give it beside the variable of the same name.
    private static let localRank = PythonArgument("local_rank", default: -1) { value, _ in
        let rank = Machine.environment("LOCAL_RANK").flatMap { Int($0) } ?? 0
        return value.int == rank
            ? .anyway(note: "it is what the environment says anyway")
            : .refused("comes from the environment, where it is \(rank); use swiftlet launch or torchrun")
    }

    // MARK: What versions 4 had

    private static let removed: [PythonArgument] = [
        .only(
            "overwrite_output_dir", true, isFlag: true, default: false,
            note: "a run may always write to its output_dir, and begins anew unless it is resumed",
            else: "must be true or false"),
        .renamed("per_gpu_train_batch_size", "per_device_train_batch_size"),
        .renamed("per_gpu_eval_batch_size", "per_device_eval_batch_size"),
        .renamed("evaluation_strategy", "eval_strategy"),
        PythonArgument("evaluate_during_training", isFlag: true, default: false) { _, _ in
            .settings([("eval_strategy", "steps")], note: "it is 'eval_strategy steps' now")
        },
        PythonArgument("warmup_ratio", default: 0) { value, _ in
            guard let ratio = value.double, ratio >= 0, ratio < 1 else {
                return .refused("must be at least 0 and below 1; --warmup-steps takes shares of all steps, and steps")
            }
            return .settings(
                [("warmup_steps", value)], note: "it is 'warmup_steps' now, which takes a share of all steps too")
        },
        .refused("logging_dir", "is for the command line; give TensorBoardCallback its folder"),
        .only(
            "save_safetensors", true, isFlag: true, default: true, note: "weights are always written as safetensors",
            else: "can't be switched off: weights are always written as safetensors, which Python reads too"),
        .renamed("no_cuda", "use_cpu", isFlag: true),
        .refused(
            "use_mps_device", isFlag: true, default: false,
            "is not implemented: models run on the CPU or on NVIDIA's GPUs"),
        .refused("jit_mode_eval", isFlag: true, default: false, "compiles Python; there is none here"),
        .refused(
            "use_ipex", isFlag: true, default: false, "is a Python library; --kernels fused, the default, is for CPUs"),
        .refused("fp16_opt_level", default: "O1", "is for a Python library, Apex; --fp16 needs no level"),
        halfPrecisionBackend("half_precision_backend"),
        halfPrecisionBackend("fp16_backend"),
        .refused("tpu_num_cores", "is for TPUs, which are not implemented; leave it out"),
        .refused(
            "tpu_metrics_debug", isFlag: true, default: false, "is for TPUs, which are not implemented; leave it out"),
        .refused("past_index", default: -1, "is for models that return their past, which none of these does"),
        .refused("fsdp_min_num_params", default: 0, "is not implemented; leave it out"),
        .refused("fsdp_transformer_layer_cls_to_wrap", "is not implemented; leave it out"),
        .refused("sharded_ddp", "is not implemented; --shards-optimizer-state shares the optimizer's state out"),
        PythonArgument("adafactor", isFlag: true, default: false) { _, _ in
            .settings([("optim", "adafactor")], note: "it is 'optim adafactor' now")
        },
        PythonArgument("group_by_length", isFlag: true, default: false) { _, _ in
            .settings(
                [("train_sampling_strategy", "group_by_length")],
                note: "it is 'train_sampling_strategy group_by_length' now")
        },
        .refused("use_legacy_prediction_loop", isFlag: true, default: false, "was removed; there is one loop"),
        PythonArgument("include_inputs_for_metrics", isFlag: true, default: false) { _, _ in
            .settings([("include_for_metrics", ["inputs"])], note: "it is 'include_for_metrics inputs' now")
        },
        .renamed("push_to_hub_model_id", "hub_model_id"),
        .refused("push_to_hub_organization", "is part of the name now: --hub-model-id ORGANIZATION/NAME"),
        .refused("push_to_hub_token", "would show the token to everybody on this machine; set HF_TOKEN"),
        .only(
            "_n_gpu", 0, 1, default: -1, note: "each process has one device anyway",
            else: "follows from the machine; leave it out"),
        .refused("mp_parameters", "is for SageMaker's library; leave it out"),
        .refused("torchdynamo", "compiles Python; there is none here"),
        .refused("ray_scope", default: "last", "is for searches with Ray, which are not implemented; leave it out"),
        .refused("dispatch_batches", isFlag: true, default: false, "is not implemented; leave it out"),
        .refused("split_batches", isFlag: true, default: false, "is not implemented; leave it out"),
        .refused(
            "include_tokens_per_second", isFlag: true, default: false,
            "is not implemented; --include-num-input-tokens-seen counts them"),
        .refused("xpu_backend", "is for Intel's GPUs, which are not implemented; leave it out"),
    ]

    // MARK: What a command or a program decides

    private static let ofScripts: [PythonArgument] =
        ["do_train", "do_eval", "do_predict"].map { name in
            PythonArgument(name, isFlag: true, default: false) { _, _ in
                .anyway(note: "whoever uses the Trainer decides what it does")
            }
        } + [
            .refused("report_to", default: "none", "is a callback here: TensorBoardCallback or JSONLinesLogCallback"),
            .refused("resume_from_checkpoint", "is an argument of train(resumeFrom:)"),
            .refused("push_to_hub", isFlag: true, default: false, "is a call after the training: pushToHub"),
            .refused("hub_model_id", "is an argument of pushToHub"),
            .refused("hub_private_repo", isFlag: true, default: false, "is an argument of pushToHub"),
        ]

    private static func halfPrecisionBackend(_ name: String) -> PythonArgument {
        .only(
            name, "cpu_amp", "cuda_amp", "auto", default: "auto",
            note: "float16 and bfloat16 come from autocast anyway",
            else: "is not implemented; --fp16 and --bf16 need no backend")
    }
}
