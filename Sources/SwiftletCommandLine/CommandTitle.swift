package import ArgumentParser
import SwiftletIO

/// A command as lists of commands show it: the one place that says its name and what it does.
///
/// It is a type, not a value, so that a program can list a command that it does not have: `swiftlet-light` lists
/// them all.
package protocol CommandTitle: SendableMetatype {
    /// As it is typed.
    static var name: String { get }
    /// One sentence.
    static var abstract: String { get }
}

/// The commands of `swiftlet`.
package enum CommandTitles {
    /// In the order of the program's help.
    package static let all: [any CommandTitle.Type] = [
        Quickstart.self, Train.self, Evaluate.self, Predict.self, Serve.self, Quantize.self, Report.self, Compare.self,
        Replay.self, Sweep.self, Tokenize.self, Dataset.self, Launch.self, Hub.self, Environment.self, Manual.self,
    ]

    package enum Quickstart: CommandTitle {
        package static let name = "quickstart"
        package static let abstract = "Fine-tune all-MiniLM-L6-v2 on the built-in paraphrase pairs; needs no network."
    }

    package enum Train: CommandTitle {
        package static let name = "train"
        package static let abstract = "Fine-tune a model on a dataset and save it."
    }

    package enum Evaluate: CommandTitle {
        package static let name = "evaluate"
        package static let abstract = "Measure a fine-tuned model on a split of a dataset."
    }

    package enum Predict: CommandTitle {
        package static let name = "predict"
        package static let abstract =
            "Predict what a model was trained for: a file, a split, one text or pair, or lines on standard input."
    }

    package enum Serve: CommandTitle {
        package static let name = "serve"
        package static let abstract = "Answer over HTTP with fine-tuned models."
    }

    package enum Quantize: CommandTitle {
        package static let name = "quantize"
        package static let abstract = "Save a trained model with weights in 8 bits, and say what that costs."
    }

    package enum Report: CommandTitle {
        package static let name = "report"
        package static let abstract = "Make report.html of a run again, with slices or explanations."
    }

    package enum Compare: CommandTitle {
        package static let name = "compare"
        package static let abstract = "Put runs on the same rows side by side, with tests of the difference."
    }

    package enum Replay: CommandTitle {
        package static let name = "replay"
        package static let abstract = "Run a training again, and say whether the same weights come out."
    }

    package enum Sweep: CommandTitle {
        package static let name = "sweep"
        package static let abstract = "Search for good settings of a training."
    }

    package enum Tokenize: CommandTitle {
        package static let name = "tokenize"
        package static let abstract = "Tokenize the lines of standard input, one JSON object a line."
    }

    package enum Dataset: CommandTitle {
        package static let name = "dataset"
        package static let abstract = "Look at datasets and convert their files."
    }

    package enum Launch: CommandTitle {
        package static let name = "launch"
        package static let abstract = "Run a command as several processes that train together."
    }

    package enum Hub: CommandTitle {
        package static let name = "hub"
        package static let abstract = "Download from the Hugging Face Hub, upload to it, and tidy its cache."
    }

    package enum Environment: CommandTitle {
        package static let name = "env"
        package static let abstract = "Print versions, processor, threads, memory, devices and caches."
    }

    package enum Manual: CommandTitle {
        package static let name = "manual"
        package static let abstract = "Print the manual page, for man."
    }
}

extension CommandConfiguration {
    /// The configuration of a command of `swiftlet`.
    package init(
        _ title: any CommandTitle.Type, discussion: String = "", subcommands: [any ParsableCommand.Type] = []
    ) {
        self.init(
            commandName: title.name, abstract: title.abstract, discussion: discussion, subcommands: subcommands)
    }

    /// The configuration of `swiftlet` itself.
    package init(ofProgramWith subcommands: [any ParsableCommand.Type]) {
        self.init(
            commandName: "swiftlet",
            abstract: "Fine-tunes pretrained transformers.",
            discussion: """
                Options may be written as --per-device-train-batch-size or --per_device_train_batch_size. Those of \
                Python's scripts are taken too, or refused with the reason.
                """,
            version: swiftletVersion, subcommands: subcommands)
    }
}
