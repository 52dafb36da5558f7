public import SwiftletIO

extension ModelCard {
    /// What a card says of a run's settings.
    ///
    /// - Parameter arguments: the run's arguments under their Python names, such as `learning_rate`. Those that are
    ///   absent are left out of the card or, where they only add to another one, have Python's default.
    public static func hyperparameters(of arguments: JSONObject) -> JSONObject {
        var shown: JSONObject = [:]
        shown["learning_rate"] = arguments["learning_rate"]
        shown["train_batch_size"] = arguments["per_device_train_batch_size"]
        shown["eval_batch_size"] = arguments["per_device_eval_batch_size"]
        shown["seed"] = arguments["seed"]
        if let steps = arguments["gradient_accumulation_steps"]?.int, steps > 1 {
            shown["gradient_accumulation_steps"] = .int(steps)
            if let size = arguments["per_device_train_batch_size"]?.int {
                shown["total_train_batch_size"] = .int(size * steps)
            }
        }
        shown["optimizer"] = optimizer(of: arguments).map(JSONValue.string)
        shown["lr_scheduler_type"] = arguments["lr_scheduler_type"]
        if let warmup = arguments["warmup_steps"], warmup.double != 0 { shown["lr_scheduler_warmup_steps"] = warmup }
        if let steps = arguments["max_steps"]?.int, steps > 0 {
            shown["training_steps"] = .int(steps)
        } else {
            shown["num_epochs"] = arguments["num_train_epochs"]
        }
        if arguments["fp16"] == true { shown["mixed_precision_training"] = "Native AMP" }
        if let smoothing = arguments["label_smoothing_factor"], smoothing.double != 0 {
            shown["label_smoothing_factor"] = smoothing
        }
        return shown
    }

    private static func optimizer(of arguments: JSONObject) -> String? {
        guard let name = arguments["optim"]?.string else { return nil }
        let given = arguments["optim_args"]?.string ?? ""
        let more = given.isEmpty ? "No additional optimizer arguments" : given
        guard name.lowercased().contains("adam") else { return "Use \(name) and the args are:\n\(more)" }
        let (beta1, beta2) = (arguments["adam_beta1"] ?? 0.9, arguments["adam_beta2"] ?? 0.999)
        let epsilon = arguments["adam_epsilon"] ?? 1e-8
        return "Use \(name) with betas=(\(beta1.pythonText),\(beta2.pythonText)) and epsilon=\(epsilon.pythonText)"
            + " and optimizer_args=\(more)"
    }
}
