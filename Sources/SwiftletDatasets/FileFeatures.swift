internal import CArrowInterface
internal import SwiftletIO

/// The features of the columns of Arrow and Parquet files, as Python takes them: what the file's metadata says of a
/// column counts only where the column is stored as that feature is. The order is that of the file.
extension ArrowTable {
    /// Features of columns by what the file says of itself; `nil` for a table that does not come from such a file.
    func ownFeatures(at places: [Int]) throws -> Features? {
        guard let marks else { return nil }
        let named = metadata("huggingface").map { Features(known: $0) } ?? [:]
        var features = Features()
        for place in places {
            guard let type = try type(place) else { continue }
            var (own, its) = (marks[place], marks[place])
            let feature = type.feature(&own)
            let stated = named[names[place]].flatMap { $0.isStored(as: type, &its) ? $0.settled : nil }
            features[names[place]] = stated ?? feature
        }
        return features
    }

    /// The features that `dataset_info.json` gives to the columns of a saved file. Kinds that are not known here are
    /// left to the file.
    ///
    /// - Throws: `DatasetError` where the file has other columns, or stores one in another type.
    func savedFeatures(_ saved: JSONObject, at places: [Int]) throws -> Features? {
        guard let own = try ownFeatures(at: places), let marks else { return nil }
        let columns = saved.map(\.0)
        guard columns.textKeys == names.textKeys else {
            throw DatasetError(
                "dataset_info.json has features of \(DatasetError.listed(columns)), and the file has the columns \(DatasetError.listed(names))",
                remedy: "Save the dataset again.", kind: .columnMismatch)
        }
        var features = own
        for place in places {
            let name = names[place]
            guard let type = try type(place), let feature = saved[name].flatMap({ Feature(json: $0) }) else { continue }
            // Here it does not matter what else a file says of its types.
            var marks = ArraySlice(marks[place].map { $0 == Mark.other ? Mark.plain : $0 })
            let ordered = feature.reordered(as: type)
            guard ordered.isStored(as: type, &marks) else {
                throw DatasetError(
                    "dataset_info.json says that column '\(name)' is \(feature), and the file has \(own[name] ?? feature)",
                    remedy: "Save the dataset again.", kind: .columnMismatch, at: ErrorLocation(column: name))
            }
            features[name] = ordered.settled
        }
        return features
    }

    /// For each column, what `carrow_table_marks` says of its types.
    private var marks: [ArraySlice<UInt8>]? {
        let text = withExtendedLifetime(self) { carrow_table_marks(handle).map { String(cString: $0) } }
        guard let columns = text?.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false),
            columns.count == names.count
        else { return text == nil ? nil : names.map { _ in [] } }
        return columns.map { ArraySlice($0) }
    }
}

/// What stands for a type in the marks of a table.
private enum Mark {
    static let json = UInt8(ascii: "j")
    static let other = UInt8(ascii: "!")
    static let plain = UInt8(ascii: ".")
}

extension ArrowType {
    /// The feature of a column of a file, where texts may be marked as JSON.
    fileprivate func feature(_ marks: inout ArraySlice<UInt8>) -> Feature {
        let isJSON = marks.popFirst() == Mark.json
        switch self {
        case .list(let element, let large):
            return large ? .largeList(element.feature(&marks)) : .list(element.feature(&marks))
        case .fixedList(let element, let length): return .fixedList(element.feature(&marks), length: length)
        case .structure(let fields):
            return .structure(Features(fields.map { ($0.name, $0.type.feature(&marks)) }))
        default: return isJSON ? .json : feature
        }
    }
}

extension Feature {
    /// Whether a file's column of this type holds what the feature stores.
    fileprivate func isStored(as type: ArrowType, _ marks: inout ArraySlice<UInt8>) -> Bool {
        let mark = marks.popFirst()
        switch (self, type) {
        // Earlier versions of this package left no marks.
        case (.json, .string(large: false)), (.value(Self.undecodedJSON), .string(large: false)):
            return mark == Mark.json || mark == Mark.plain && self == .json
        case _ where mark == Mark.json || mark == Mark.other: return false
        case (.list(let element), .list(let inner, large: false)),
            (.largeList(let element), .list(let inner, large: true)):
            return element.isStored(as: inner, &marks)
        case (.fixedList(let element, let length), .fixedList(let inner, let its)):
            return length == its && element.isStored(as: inner, &marks)
        case (.structure(let features), .structure(let fields)):
            return features.names.areSame(as: fields.map(\.name))
                && zip(features.types, fields).allSatisfy { $0.isStored(as: $1.type, &marks) }
        case (.value, _), (.classLabel, _): return storage == type.feature
        default: return false
        }
    }

    /// With the fields of structures in the order that a file has them in.
    fileprivate func reordered(as type: ArrowType) -> Feature {
        switch (self, type) {
        case (.list(let element), .list(let inner, _)): return .list(element.reordered(as: inner))
        case (.largeList(let element), .list(let inner, _)): return .largeList(element.reordered(as: inner))
        case (.fixedList(let element, let length), .fixedList(let inner, _)):
            return .fixedList(element.reordered(as: inner), length: length)
        case (.structure(let features), .structure(let fields)):
            guard features.names.textKeys == fields.map(\.name).textKeys else { return self }
            return .structure(
                Features(
                    fields.compactMap { name, type in features[name].map { (name, $0.reordered(as: type)) } }))
        default: return self
        }
    }
}
