public import SwiftletIO

extension MetricOption {
    /// Options in the form of Python's named arguments: `{"average": "macro", "labels": [0, 2]}`.
    ///
    /// `wer_kwargs` and `bleu_kwargs` of `xtreme_s` are objects of such options. A name that is no option is taken for
    /// an argument of a metric that was registered, if one has it.
    ///
    /// - Throws: `MetricError` for names and values that are none.
    public static func options(_ json: JSONValue) throws(MetricError) -> [MetricOption] {
        guard let object = json.object else {
            throw MetricError(
                "metric options are \(json.kind)", remedy: #"Give an object such as {"average": "macro"}."#,
                at: ErrorLocation(option: "metric_args"))
        }
        var options: [MetricOption] = []
        for (name, value) in object {
            if name == "wer_kwargs" || name == "bleu_kwargs" {
                if !value.isNull { options += try self.options(value) }
                continue
            }
            if name == "scheme" {
                options += try scheme(value, mode: object["mode"])
                continue
            }
            if name == "mode", let scheme = object["scheme"], !scheme.isNull { continue }
            if let option = option(name, value) {
                options += option
            } else if Evaluate.hasArgument(name) {
                options.append(.argument(name, value.text()))
            } else {
                throw wrong(name, value)
            }
        }
        return options
    }

    private static func wrong(_ name: String, _ value: JSONValue) -> MetricError {
        let location = ErrorLocation(option: name)
        if name == "tokenizer" {
            return MetricError(
                "the metric option 'tokenizer' is a function", remedy: "Give it in Swift, as .tokenizer(...).",
                commandLine: "Leave it out; sacrebleu has \"tokenize\", a name.", at: location)
        }
        if name == "tokenize", let text = value.string, modelTokenizers.contains(text) {
            return MetricError(
                "the tokenizer '\(text)' needs \(text.hasSuffix("mecab") ? "a dictionary of MeCab" : "a model of its own"), "
                    + "which is not here",
                remedy:
                    "Give one of \(BLEUTokenizer.allCases.map(\.rawValue).joined(separator: ", ")), or texts that are "
                    + "parted into words already, with none.", kind: .unsupported, at: location)
        }
        if names.contains(text: name) {
            return MetricError(
                "the metric option '\(name)' can't be \(value.text())", remedy: "Give it a value as in Python.",
                at: location)
        }
        let meant = nearestName(to: name, among: names).map { "Did you mean '\($0)'? " } ?? ""
        return MetricError(
            "there is no metric option '\(name)'", remedy: "\(meant)Options are \(names.joined(separator: ", ")).",
            at: location)
    }

    private static let modelTokenizers = ["ja-mecab", "ko-mecab", "spm", "flores101", "flores200", "spBLEU-1K"]

    /// The names of all options, in alphabetical order.
    private static let names: [String] =
        (Array(flags.keys) + Array(integers.keys) + Array(numbers.keys) + [
            "average", "labels", "pos_label", "zero_division", "normalize", "multi_class", "multioutput", "squared",
            "regexes_to_ignore", "mode", "scheme", "norm", "rouge_types", "use_aggregator", "tokenize", "smooth_method",
            "training", "nltk_data", "western_lang", "keep_singletons", "aggregate", "label_map",
            "reference_distribution",
            "wer_kwargs", "bleu_kwargs",
        ]).sorted()

    /// Options that are off unless they are given.
    private static let flags: [String: MetricOption] = [
        "return_pvalue": .returnPValue, "ignore_case": .ignoreCase, "ignore_punctuation": .ignorePunctuation,
        "ignore_numbers": .ignoreNumbers, "suffix": .suffix, "concatenate_texts": .concatenateTexts,
        "use_stemmer": .useStemmer, "force": .force, "lowercase": .lowercase,
        "use_effective_order": .useEffectiveOrder, "smooth": .smooth, "whitespace": .whitespace,
        "eps_smoothing": .epsSmoothing, "normalized": .normalized, "ignore_punct": .ignorePunct,
        "support_zh_ja_chars": .supportZhJaChars, "case_sensitive": .caseSensitive,
        "return_all_scores": .returnAllScores, "reduce_labels": .reduceLabels,
        "remove_nested": .removeNested, "NP_only": .npOnly, "min_span": .minSpan,
    ]

    private static let integers: [String: @Sendable (Int) -> MetricOption] = [
        "pos_label": { .posLabel($0) }, "n_bins": { .bins($0) }, "seed": { .seed($0) }, "max_order": { .maxOrder($0) },
        "min_len": { .minLength($0) }, "max_len": { .maxLength($0) }, "char_order": { .charOrder($0) },
        "word_order": { .wordOrder($0) }, "periodicity": { .periodicity($0) }, "n": { .order($0) }, "k": { .k($0) },
        "num_labels": { .numLabels($0) }, "ignore_index": { .ignoreIndex($0) },
    ]

    private static let numbers: [String: @Sendable (Double) -> MetricOption] = [
        "max_fpr": { .maxFPR($0) }, "no_answer_threshold": { .noAnswerThreshold($0) },
        "smooth_value": { .smoothValue($0) }, "beta": { .beta($0) }, "alpha": { .alpha($0) }, "gamma": { .gamma($0) },
        "nan_to_num": { .nanToNum($0) },
    ]

    /// - Returns: no option for a value that says what happens anyway; `nil` for a name or a value that is none.
    private static func option(_ name: String, _ value: JSONValue) -> [MetricOption]? {
        if name == "pos_label", let text = value.string { return [.posLabelName(text)] }
        if let flag = flags[name] { return value.bool.map { $0 ? [flag] : [] } }
        if let make = integers[name] { return value.int.map { [make($0)] } }
        // None is the default of these.
        if let make = numbers[name] { return value.isNull ? [] : value.double.map { [make($0)] } }
        switch name {
        case "average":
            if value.isNull { return [.average(.perLabel)] }
            return value.string.flatMap(Average.init).map { [.average($0)] }
        case "labels": return value.isNull ? [] : list(value, \.int).map { [.labels($0)] }
        case "zero_division":
            if value.string == "warn" { return [.zeroDivision(.warn)] }
            if value.string == "nan" || value.double?.isNaN == true { return [.zeroDivision(.nan)] }
            return value.double.flatMap { $0 == 0 ? [.zeroDivision(.zero)] : $0 == 1 ? [.zeroDivision(.one)] : nil }
        case "normalize":
            if value.isNull { return [] }
            if let bool = value.bool { return [.normalize(bool)] }
            return value.string.flatMap(Normalization.init).map { [.normalizeMatrix($0)] }
        case "multi_class": return value.string.flatMap(MultiClass.init).map { [.multiClass($0)] }
        case "multioutput":
            if let weights = list(value, \.double) { return [.multiOutput(.weights(weights))] }
            switch value.string {
            case "raw_values": return [.multiOutput(.rawValues)]
            case "uniform_average": return [.multiOutput(.uniformAverage)]
            default: return nil
            }
        case "squared": return value.bool.map { [.squared($0)] }
        case "regexes_to_ignore": return value.isNull ? [] : list(value, \.string).map { [.regexesToIgnore($0)] }
        case "mode": return value.isNull ? [] : value.string == "strict" ? [.strict(nil)] : nil
        case "norm": return value.string.flatMap(Norm.init).map { [.norm($0)] }
        case "rouge_types": return value.isNull ? [] : list(value, \.string).map { [.rougeTypes($0)] }
        case "use_aggregator": return value.bool.map { [.useAggregator($0)] }
        case "tokenize": return value.isNull ? [] : value.string.flatMap(BLEUTokenizer.init).map { [.tokenize($0)] }
        case "smooth_method": return value.string.flatMap(SmoothMethod.init).map { [.smoothMethod($0)] }
        case "training":
            if let values = list(value, \.double) { return [.training(values)] }
            return matrix(value).map { [.trainingRows($0)] }
        case "nltk_data": return value.string.map { [.nltkData($0)] }
        case "western_lang": return value.bool.map { [.westernLang($0)] }
        case "keep_singletons": return value.bool.map { [.keepSingletons($0)] }
        case "aggregate": return value.string.flatMap(Aggregate.init).map { [.aggregate($0)] }
        case "label_map":
            if value.isNull { return [] }
            let changes = value.object?.map { key, value in
                value.int.flatMap { new in Int(key).map { LabelChange($0, to: new) } }
            }
            return changes.flatMap { $0.contains(nil) ? nil : [.labelMap($0.compactMap { $0 })] }
        case "reference_distribution": return matrix(value).map { [.referenceDistribution($0)] }
        default: return nil
        }
    }

    /// seqeval's strict mode in a scheme. Without the mode the scheme would make no difference.
    private static func scheme(_ value: JSONValue, mode: JSONValue?) throws(MetricError) -> [MetricOption] {
        if value.isNull { return [] }
        let location = ErrorLocation(option: "scheme")
        guard let scheme = value.string.flatMap(Scheme.init) else {
            throw MetricError(
                "Scheme should be one of [IOB1, IOB2, IOE1, IOE2, IOBES, BILOU], got \(value.text())",
                remedy: "Give one of these.", at: location)
        }
        guard mode?.string == "strict" else {
            throw MetricError(
                "the metric option 'scheme' makes no difference without the mode strict",
                remedy: "Give .strict(.\(scheme.rawValue)), or leave the scheme out.",
                commandLine: #"Give {"mode": "strict", "scheme": "\#(scheme.rawValue)"}, or leave the scheme out."#,
                at: location)
        }
        return [.strict(scheme)]
    }

    /// A list of which every value is read.
    private static func list<T>(_ value: JSONValue, _ read: (JSONValue) -> T?) -> [T]? {
        guard let list = value.array, case let values = list.compactMap(read), values.count == list.count else {
            return nil
        }
        return values
    }

    private static func matrix(_ value: JSONValue) -> [[Double]]? { list(value) { list($0, \.double) } }
}
