import SwiftletIO
import SwiftletNN

/// The optimizer that the arguments ask for.
struct OptimizerSettings {
    let make: ([ParameterGroup]) -> Optimizer

    init(_ args: TrainingArguments) throws(TrainingError) {
        let options = try Options(args)
        let betas = (args.adamBeta1, args.adamBeta2)
        let epsilon = args.adamEpsilon
        switch args.optim {
        case .adamwTorchFused, .adamwTorch:
            make = { AdamW(groups: $0, betas: betas, epsilon: epsilon) }
        case .adam:
            make = { Adam(groups: $0, betas: betas, epsilon: epsilon) }
        case .lion:
            make = { Lion(groups: $0, betas: betas) }
        case .adafactor:
            make = { Adafactor(groups: $0) }
        case .sgd:
            let (momentum, dampening) = (try options.number("momentum", 0), try options.number("dampening", 0))
            let nesterov = try options.flag("nesterov")
            if nesterov, momentum <= 0 || dampening != 0 {
                throw TrainingError(
                    "optim_args: nesterov needs a momentum and no dampening",
                    remedy: "Set momentum above 0 and leave dampening out.", kind: .invalidArgument,
                    at: ErrorLocation(option: "optim_args"))
            }
            make = { SGD(groups: $0, momentum: momentum, dampening: dampening, nesterov: nesterov) }
        case .adagrad:
            let (decay, eps) = (try options.number("lr_decay", 0), try options.number("eps", 1e-10))
            make = { Adagrad(groups: $0, learningRateDecay: decay, epsilon: eps) }
        case .rmsprop:
            let (alpha, eps) = (try options.number("alpha", 0.99), try options.number("eps", 1e-8))
            let (momentum, centered) = (try options.number("momentum", 0), try options.flag("centered"))
            make = { RMSprop(groups: $0, alpha: alpha, epsilon: eps, momentum: momentum, centered: centered) }
        }
    }

    /// `optim_args` taken apart.
    private struct Options {
        let values: [String: String]

        init(_ args: TrainingArguments) throws(TrainingError) {
            let allowed: Set<String> =
                switch args.optim {
                case .sgd: ["momentum", "dampening", "nesterov"]
                case .adagrad: ["lr_decay", "eps"]
                case .rmsprop: ["momentum", "alpha", "eps", "centered"]
                default: []
                }
            var values: [String: String] = [:]
            for part in (args.optimArgs ?? "").split(separator: ",") {
                let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
                guard pair.count == 2 else {
                    throw TrainingError(
                        "optim_args: '\(part)' has no value", remedy: "Write it as key=value, with commas between.",
                        kind: .invalidArgument, at: ErrorLocation(option: "optim_args"))
                }
                guard allowed.contains(pair[0]) else {
                    let names = allowed.sorted().joined(separator: ", ")
                    throw TrainingError(
                        "optim_args: '\(args.optim.rawValue)' takes no '\(pair[0])'",
                        remedy: names.isEmpty ? "It takes none at all." : "It takes \(names).", kind: .invalidArgument,
                        at: ErrorLocation(option: "optim_args"))
                }
                values[pair[0]] = pair[1]
            }
            self.values = values
        }

        func number(_ name: String, _ standard: Double) throws(TrainingError) -> Double {
            guard let text = values[name] else { return standard }
            guard let number = Double(text), (0...1e15).contains(number) else {
                throw TrainingError(
                    "optim_args: \(name) is '\(text)'; it must be a number from 0 to 1e15",
                    remedy: "Correct it, or leave it out.", kind: .invalidArgument,
                    at: ErrorLocation(option: "optim_args"))
            }
            return number
        }

        func flag(_ name: String) throws(TrainingError) -> Bool {
            switch values[name]?.lowercased() {
            case nil, "false", "0", "no": return false
            case "true", "1", "yes": return true
            case let text?:
                throw TrainingError(
                    "optim_args: \(name) is '\(text)'; it must be true or false",
                    remedy: "Correct it, or leave it out.",
                    kind: .invalidArgument, at: ErrorLocation(option: "optim_args"))
            }
        }
    }
}

extension TrainingArguments {
    /// Groups with their own learning rates and decay: decayed parameters before the others, as in the reference;
    /// with layer-wise rates two groups for each depth, the deepest first.
    func parameterGroups(_ parameters: [Parameter]) -> [ParameterGroup] {
        let trainable = parameters.filter(\.isTrainable)
        func pair(_ parameters: [Parameter], rate: Double) -> [ParameterGroup] {
            [
                ParameterGroup(parameters.filter(isDecayed), learningRate: rate, weightDecay: weightDecay),
                ParameterGroup(parameters.filter { !isDecayed($0) }, learningRate: rate, weightDecay: 0),
            ]
        }
        guard layerwiseLRDecay < 1 else { return pair(trainable, rate: learningRate) }
        let layers = (trainable.compactMap { Self.layerIndex($0.name) }.max() ?? -1) + 1
        let byDepth = Dictionary(grouping: trainable) { parameter in
            Self.layerIndex(parameter.name).map { $0 + 1 }
                ?? (parameter.isEmbedding || parameter.name.contains("embeddings") ? 0 : layers + 1)
        }
        return byDepth.keys.sorted().flatMap { depth in
            var rate = learningRate
            for _ in depth..<(layers + 1) { rate *= layerwiseLRDecay }
            return pair(byDepth[depth] ?? [], rate: rate)
        }
    }

    /// 3 for `bert.encoder.layer.3.output.dense.weight`.
    private static func layerIndex(_ name: String) -> Int? {
        let parts = name.split(separator: ".")
        for (part, next) in zip(parts, parts.dropFirst()) where part == "layer" || part == "layers" {
            if let index = Int(next) { return index }
        }
        return nil
    }
}
