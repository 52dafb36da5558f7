import ArgumentParser
import Swiftlet

/// How several processes train together; see `swiftlet launch`.
struct ProcessOptions: ParsableArguments {
    @Option(help: "Seconds that an operation waits for the other processes.") var ddpTimeout = 1800
    @Flag(help: "Allow for parameters that have no part in the loss.") var ddpFindUnusedParameters = false
    @Flag(help: "Share the optimizer's state out to the processes (ZeRO stage 1).") var shardsOptimizerState = false

    func apply(to args: inout TrainingArguments) {
        args.ddpTimeout = ddpTimeout
        args.ddpFindUnusedParameters = ddpFindUnusedParameters
        args.shardsOptimizerState = shardsOptimizerState
    }
}
