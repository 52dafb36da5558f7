import SwiftletIO

extension ArrowBuilding {
    /// The feature that holds all values, as Python would choose it.
    static func infer(_ data: ColumnData, _ values: [Value], _ name: String) throws -> Feature {
        switch data {
        case .strings, .optionalStrings: return .value("string")
        case .ints, .optionalInts: return .value("int64")
        case .doubles, .optionalDoubles: return .value("float64")
        case .bools: return .value("bool")
        case .doubleLists: return .list(.value("float64"))
        case .stringLists: return .list(.value("string"))
        case .intLists: return .list(.value("int64"))
        case .values:
            var feature = Feature.value("null")
            for (row, value) in values.enumerated() {
                let next = try infer(value, name, row)
                guard let joined = join(feature, next) else {
                    throw DatasetError(
                        "column '\(name)' changes its type in row \(row): \(value.kind) (\(next)) after \(feature)",
                        remedy: "Make all values of the column of one type.",
                        kind: .wrongType, at: ErrorLocation(column: name, row: row))
                }
                feature = joined
            }
            return feature
        }
    }

    private static func infer(_ value: Value, _ name: String, _ row: Int) throws -> Feature {
        switch value {
        case .null: return .value("null")
        case .bool: return .value("bool")
        case .int: return .value("int64")
        case .unsigned: return .value("uint64")
        case .double: return .value("float64")
        case .string: return .value("string")
        case .binary: return .value("binary")
        case .timestamp: return .value("timestamp[us]")
        case .date: return .value("date32")
        case .zonedTimestamp(_, let zone): return .value("timestamp[us, tz=\(zone)]")
        case .time: return .value("time64[us]")
        case .duration: return .value("duration[us]")
        case .decimal(let text):
            let digits = text.filter(\.isNumber).count
            let scale = text.split(separator: ".").dropFirst().first?.prefix(while: \.isNumber).count ?? 0
            return .value("decimal128(\(min(max(digits, 1), 38)), \(min(scale, 38)))")
        case .list(let values):
            var feature = Feature.value("null")
            for value in values {
                guard let joined = join(feature, try infer(value, name, row)) else {
                    throw DatasetError(
                        "column '\(name)' mixes types in the list of row \(row): \(value.kind) after \(feature)",
                        remedy: "Make all values of a list of one type.",
                        kind: .wrongType, at: ErrorLocation(column: name, row: row))
                }
                feature = joined
            }
            return .list(feature)
        case .structure(let fields):
            return .structure(Features(try fields.map { ($0.0, try infer($0.1, name, row)) }))
        }
    }

    /// A feature whose unknown parts get the types of another's; `nil` where they differ in more than that.
    static func filling(_ feature: Feature, _ other: Feature) -> Feature? {
        switch (feature, other) {
        case (.value("null"), let other): return other
        case (let feature, .value("null")): return feature
        case (.list(let left), .list(let right)): return filling(left, right).map { .list($0) }
        case (.structure(var left), .structure(let right)):
            for (name, feature) in right {
                guard let old = left[name] else {
                    left[name] = feature
                    continue
                }
                guard let filled = filling(old, feature) else { return nil }
                left[name] = filled
            }
            return .structure(left)
        default: return feature == other ? feature : nil
        }
    }

    /// The feature that holds values of both; `nil` if there is none.
    static func join(_ left: Feature, _ right: Feature) -> Feature? {
        if left == right { return left }
        switch (left, right) {
        case (.value("null"), let other), (let other, .value("null")): return other
        case (.value("int64"), .value("float64")), (.value("float64"), .value("int64")): return .value("float64")
        case (.list(let left), .list(let right)): return join(left, right).map { .list($0) }
        case (.structure(var left), .structure(let right)):
            for (name, feature) in right {
                guard let old = left[name] else {
                    left[name] = feature
                    continue
                }
                guard let joined = join(old, feature) else { return nil }
                left[name] = joined
            }
            return .structure(left)
        default: return nil
        }
    }
}
