import SwiftletIO

/// The options of one call, taken apart.
struct MetricOptions: Sendable, Hashable {
    struct Bootstrap: Sendable, Hashable {
        var resamples: Int
        var level: Double
        var method: BootstrapMethod
        var seed: UInt64
    }

    /// The options themselves, in order. Those of few metrics are looked up here.
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
            default: break
            }
        }
    }

    /// What the last option of some kind says; `nil` where it isn't given.
    func value<T>(_ read: (MetricOption) -> T?) -> T? { given.reversed().lazy.compactMap(read).first }

    /// Whether an option without a value is given.
    func has(_ option: MetricOption) -> Bool { given.contains(option) }

    /// The options of these names, each as it was given last.
    func chosen(_ names: Set<String>) -> [String: MetricOption] {
        given.reduce(into: [:]) { chosen, option in
            if names.contains(text: option.name) { chosen[option.name] = option }
        }
    }
}
