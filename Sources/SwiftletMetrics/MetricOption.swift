/// How scores of several labels become one.
public enum Average: String, Sendable, Hashable, CaseIterable {
    /// The score of the positive label, for two classes.
    case binary
    /// From the counts of all labels together.
    case micro
    /// The mean over labels.
    case macro
    /// The mean over labels, each with the number of its rows as weight.
    case weighted
    /// The mean over rows, for rows with several labels.
    case samples
    /// No mean: a score for each label, Python's `None`.
    case perLabel
}

/// A named argument of Python's `compute`, such as `average="macro"`, which is written `.average(.macro)`.
public enum MetricOption: Sendable, Hashable {
    public enum Normalization: String, Sendable { case `true`, pred, all }
    /// What a score is where its denominator is 0.
    public enum ZeroDivision: Sendable, Hashable { case warn, zero, one, nan }
    public enum MultiClass: String, Sendable { case ovr, ovo }
    public enum MultiOutput: Sendable, Hashable {
        case uniformAverage
        case rawValues
        case weights([Double])
    }
    public enum Scheme: String, Sendable, CaseIterable { case IOB1, IOB2, IOE1, IOE2, IOBES, BILOU }
    public enum Norm: String, Sendable { case l1, l2, max }

    case average(Average)
    case labels([Int])
    case posLabel(Int)
    case zeroDivision(ZeroDivision)
    /// Accuracy as a fraction (`true`, the default) or as a count.
    case normalize(Bool)
    /// A confusion matrix over its rows, its columns or everything.
    case normalizeMatrix(Normalization)
    /// The p-value of a correlation too.
    case returnPValue
    /// The area under the curve up to this false positive rate, rescaled.
    case maxFPR(Double)
    case multiClass(MultiClass)
    case multiOutput(MultiOutput)
    /// `false` for the root of the mean squared error.
    case squared(Bool)
    case regexesToIgnore([String])
    case ignoreCase
    case ignorePunctuation
    case ignoreNumbers
    /// Entity prefixes at the end of a tag, as in `PER-B`.
    case suffix
    /// seqeval's strict mode, in this scheme or, for `nil`, the one that the tags of the references look like.
    case strict(Scheme?)
    /// The number of bins of the calibration error.
    case bins(Int)
    case norm(Norm)
    /// Confidence intervals for scores, for `method` see `BootstrapMethod`.
    case bootstrap(resamples: Int = 9999, level: Double = 0.95, method: BootstrapMethod = .bca, seed: UInt64 = 0)

    /// The case without its values, as Python names it.
    package var name: String {
        switch self {
        case .average: "average"
        case .labels: "labels"
        case .posLabel: "pos_label"
        case .zeroDivision: "zero_division"
        case .normalize, .normalizeMatrix: "normalize"
        case .returnPValue: "return_pvalue"
        case .maxFPR: "max_fpr"
        case .multiClass: "multi_class"
        case .multiOutput: "multioutput"
        case .squared: "squared"
        case .regexesToIgnore: "regexes_to_ignore"
        case .ignoreCase: "ignore_case"
        case .ignorePunctuation: "ignore_punctuation"
        case .ignoreNumbers: "ignore_numbers"
        case .suffix: "suffix"
        case .strict: "mode"
        case .bins: "n_bins"
        case .norm: "norm"
        case .bootstrap: "strategy"
        }
    }
}

/// How an interval is read from resampled scores; the names are those of `scipy.stats.bootstrap`.
public enum BootstrapMethod: String, Sendable {
    case percentile
    case basic
    case bca = "BCa"
}

/// The options of one call, taken apart.
struct MetricOptions: Sendable, Hashable {
    struct Bootstrap: Sendable, Hashable {
        var resamples: Int
        var level: Double
        var method: BootstrapMethod
        var seed: UInt64
    }

    /// The options themselves, in order.
    let given: [MetricOption]
    var average: Average?
    var labels: [Int]?
    var posLabel = 1
    var zeroDivision = MetricOption.ZeroDivision.warn
    var normalize = true
    var normalizeMatrix: MetricOption.Normalization?
    var returnPValue = false
    var maxFPR: Double?
    var multiClass: MetricOption.MultiClass?
    var multiOutput = MetricOption.MultiOutput.uniformAverage
    var squared = true
    var regexesToIgnore: [String] = []
    var ignoreCase = false
    var ignorePunctuation = false
    var ignoreNumbers = false
    var suffix = false
    var isStrict = false
    var scheme: MetricOption.Scheme?
    var bins = 15
    var norm = MetricOption.Norm.l1
    var bootstrap: Bootstrap?

    init(_ options: [MetricOption]) {
        given = options
        for option in options {
            switch option {
            case .average(let value): average = value
            case .labels(let value): labels = value
            case .posLabel(let value): posLabel = value
            case .zeroDivision(let value): zeroDivision = value
            case .normalize(let value): normalize = value
            case .normalizeMatrix(let value): normalizeMatrix = value
            case .returnPValue: returnPValue = true
            case .maxFPR(let value): maxFPR = value
            case .multiClass(let value): multiClass = value
            case .multiOutput(let value): multiOutput = value
            case .squared(let value): squared = value
            case .regexesToIgnore(let value): regexesToIgnore = value
            case .ignoreCase: ignoreCase = true
            case .ignorePunctuation: ignorePunctuation = true
            case .ignoreNumbers: ignoreNumbers = true
            case .suffix: suffix = true
            case .strict(let value): (isStrict, scheme) = (true, value)
            case .bins(let value): bins = value
            case .norm(let value): norm = value
            case .bootstrap(let resamples, let level, let method, let seed):
                bootstrap = Bootstrap(resamples: resamples, level: level, method: method, seed: seed)
            }
        }
    }
}
