public import SwiftletIO

extension MetricOption {
    /// Options in the form of Python's named arguments: `{"average": "macro", "labels": [0, 2]}`.
    ///
    /// - Throws: `MetricError` for names and values that are none.
    public static func options(_ json: JSONValue) throws(MetricError) -> [MetricOption] {
        guard let object = json.object else {
            throw MetricError("metric options are \(json.kind)", remedy: #"Give an object such as {"average": "macro"}."#)
        }
        var options: [MetricOption] = []
        for (name, value) in object {
            guard let option = option(name, value) else {
                throw MetricError(
                    "the metric option '\(name)' can't be \(value.text())",
                    remedy: "Options are average, labels, pos_label, zero_division, normalize, max_fpr, multi_class, "
                        + "multioutput, squared, n_bins, norm, suffix, mode, ignore_case, ignore_punctuation, "
                        + "ignore_numbers, regexes_to_ignore and return_pvalue, with values as in Python.")
            }
            options += option
        }
        return options
    }

    /// - Returns: no option for a value that says what happens anyway; `nil` for a name or a value that is none.
    private static func option(_ name: String, _ value: JSONValue) -> [MetricOption]? {
        func flag(_ option: MetricOption) -> [MetricOption]? { value.bool.map { $0 ? [option] : [] } }
        switch name {
        case "average":
            if value.isNull { return [.average(.perLabel)] }
            return value.string.flatMap(Average.init).map { [.average($0)] }
        case "labels":
            guard let list = value.array, case let ids = list.compactMap(\.int), ids.count == list.count else { return nil }
            return [.labels(ids)]
        case "pos_label": return value.int.map { [.posLabel($0)] }
        case "zero_division":
            if value.string == "warn" { return [.zeroDivision(.warn)] }
            if value.string == "nan" || value.double?.isNaN == true { return [.zeroDivision(.nan)] }
            return value.double.flatMap { $0 == 0 ? [.zeroDivision(.zero)] : $0 == 1 ? [.zeroDivision(.one)] : nil }
        case "normalize":
            if let bool = value.bool { return [.normalize(bool)] }
            return value.string.flatMap(Normalization.init).map { [.normalizeMatrix($0)] }
        case "return_pvalue": return flag(.returnPValue)
        case "max_fpr": return value.double.map { [.maxFPR($0)] }
        case "multi_class": return value.string.flatMap(MultiClass.init).map { [.multiClass($0)] }
        case "multioutput":
            if let list = value.array, case let weights = list.compactMap(\.double), weights.count == list.count {
                return [.multiOutput(.weights(weights))]
            }
            switch value.string {
            case "raw_values": return [.multiOutput(.rawValues)]
            case "uniform_average": return [.multiOutput(.uniformAverage)]
            default: return nil
            }
        case "squared": return value.bool.map { [.squared($0)] }
        case "regexes_to_ignore":
            guard let list = value.array, case let texts = list.compactMap(\.string), texts.count == list.count else {
                return nil
            }
            return [.regexesToIgnore(texts)]
        case "ignore_case": return flag(.ignoreCase)
        case "ignore_punctuation": return flag(.ignorePunctuation)
        case "ignore_numbers": return flag(.ignoreNumbers)
        case "suffix": return flag(.suffix)
        case "mode": return value.string == "strict" ? [.strict(nil)] : nil
        case "n_bins": return value.int.flatMap { $0 > 0 ? [.bins($0)] : nil }
        case "norm": return value.string.flatMap(Norm.init).map { [.norm($0)] }
        default: return nil
        }
    }
}
