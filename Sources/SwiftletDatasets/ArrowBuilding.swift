internal import CArrowInterface
internal import SwiftletIO

/// Turns `ColumnData` into Arrow arrays.
enum ArrowBuilding {
    /// Builds a column.
    ///
    /// - Parameter wanted: the feature it has to have; `nil` takes the natural one.
    static func array(
        _ data: ColumnData, named name: String, as wanted: Feature? = nil
    ) throws -> (array: ArrowArrayHandle, feature: Feature) {
        switch (data, wanted) {
        case (.strings(let values), nil): return (try strings(values, "string", nil), .value("string"))
        case (.strings(let values), .value("string")), (.strings(let values), .value("large_string")):
            return (try strings(values, wanted == .value("string") ? "string" : "large_string", nil), wanted!)
        case (.ints(let values), nil), (.ints(let values), .value("int64")):
            return (try numbers(values, "int64", nil), .value("int64"))
        case (.doubles(let values), nil), (.doubles(let values), .value("float64")):
            return (try numbers(values, "float64", nil), .value("float64"))
        case (.intLists(let lists), nil):
            return try intLists(lists, name, nil)
        case (.intLists(let lists), .list(.value(let type))) where ["int8", "int32", "int64"].contains(type):
            return try intLists(lists, name, type)
        default:
            let values = data.values
            let feature = try wanted ?? infer(data, values, name)
            var place = Place(column: name, rows: nil)
            return (try array(values, feature, &place), feature)
        }
    }

    /// The elements that are made up for the missing lists of one column, at most.
    private static let mostMissingElements = 1 << 25

    /// Where a value is, for messages: the row of each element, where elements are not rows themselves.
    struct Place {
        var column: String
        var rows: [Int]?
        func row(_ index: Int) -> Int { RowOffset.first + position(index) }
        func position(_ index: Int) -> Int { rows.map { $0[index] } ?? index }
    }

    private static func intLists(
        _ lists: [[Int32]], _ name: String, _ wanted: String?
    ) throws -> (array: ArrowArrayHandle, feature: Feature) {
        let flat = lists.flatMap(\.self)
        var type =
            wanted ?? [
                "input_ids": "int32", "attention_mask": "int8", "token_type_ids": "int8",
                "special_tokens_mask": "int8",
            ][name] ?? "int64"
        if type == "int8", let wide = flat.first(where: { Int8(exactly: $0) == nil }) {
            guard wanted == nil else {
                throw DatasetError(
                    "column '\(name)': \(wide) does not fit int8",
                    remedy: "Declare the column as a list of int32 or int64.", kind: .wrongType,
                    at: ErrorLocation(column: name))
            }
            type = "int64"
        }
        let child: ArrowArrayHandle =
            switch type {
            case "int8": try numbers(flat.map { Int8(truncatingIfNeeded: $0) }, type, nil)
            case "int32": try numbers(flat, type, nil)
            default: try numbers(flat.map(Int64.init), type, nil)
            }
        return (try self.lists(child, lists.map(\.count), nil), .list(.value(type)))
    }

    private static func array(_ values: [Value], _ feature: Feature, _ place: inout Place) throws -> ArrowArrayHandle {
        let valid = values.contains { $0.isNull } ? values.map { $0.isNull ? UInt8(0) : 1 } : nil
        func misfit(_ index: Int) -> DatasetError {
            DatasetError(
                "column '\(place.column)', row \(place.row(index)): \(values[index]) is \(values[index].kind), where \(feature) is expected",
                remedy: "Make all values of the column of one type, or declare another feature.",
                kind: .wrongType, at: ErrorLocation(column: place.column, row: place.row(index)))
        }
        func mapped<T>(_ empty: T, _ body: (Value) throws -> T?) throws -> [T] {
            try values.indices.map { index in
                if values[index].isNull { return empty }
                guard let result = try body(values[index]) else { throw misfit(index) }
                return result
            }
        }
        func ints<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ type: String) throws -> ArrowArrayHandle {
            try numbers(
                mapped(0) { value in
                    if case .unsigned(let number) = value { return T(exactly: number) }
                    return value.wholeNumber.flatMap { T(exactly: $0) }
                } as [T], type, valid)
        }
        switch feature {
        case .value(let type):
            switch type {
            case "null":
                if let index = values.firstIndex(where: { !$0.isNull }) { throw misfit(index) }
                return try ArrowArrayHandle("make a column") { carrow_array_nulls(Int64(values.count), $0) }
            case "bool":
                let bools: [UInt8] = try mapped(0) { $0.bool.map { $0 ? 1 : 0 } }
                return try ArrowArrayHandle("make a column") {
                    carrow_array_bools(bools, Int64(bools.count), valid, $0)
                }
            case "int8": return try ints(Int8.self, type)
            case "int16": return try ints(Int16.self, type)
            case "int32": return try ints(Int32.self, type)
            case "int64": return try ints(Int64.self, type)
            case "uint8": return try ints(UInt8.self, type)
            case "uint16": return try ints(UInt16.self, type)
            case "uint32": return try ints(UInt32.self, type)
            case "uint64": return try ints(UInt64.self, type)
            case "float32", "float": return try numbers(mapped(0) { $0.double.map(Float.init) }, "float32", valid)
            case "float16":
                return try cast(numbers(mapped(0) { $0.double.map(Float.init) }, "float32", valid), type)
            case "float64", "double": return try numbers(mapped(0) { $0.double }, "float64", valid)
            case "string", "large_string": return try strings(mapped("") { $0.string }, type, valid)
            case "binary", "large_binary":
                return try bytes(mapped([]) { if case .binary(let bytes) = $0 { bytes } else { nil } }, type, valid)
            case "date32":
                return try numbers(
                    mapped(Int32(0)) { if case .date(let days) = $0 { Int32(exactly: days) } else { nil } }, type, valid
                )
            case "timestamp[s]", "timestamp[ms]", "timestamp[us]", "timestamp[ns]":
                let microseconds: [Int] = try mapped(0) {
                    if case .timestamp(let microseconds) = $0 { microseconds } else { nil }
                }
                return try numbers(
                    microseconds.map { value in
                        switch type {
                        case "timestamp[s]": return PythonText.floorDivide(value, 1_000_000)
                        case "timestamp[ms]": return PythonText.floorDivide(value, 1000)
                        case "timestamp[ns]": return value.multipliedReportingOverflow(by: 1000).partialValue
                        default: return value
                        }
                    }, type, valid)
            default: return try built(values, type, valid, misfit)
            }
        case .classLabel(let names):
            let positions = ClassLabels.positions(names)
            let labels: [Int64] = try values.indices.map { index in
                switch values[index] {
                case .null: return 0
                case .int(let label) where label >= -1 && label < names.count: return Int64(label)
                case .string(let name):
                    if let label = ClassLabels.label(name, in: names.count, by: { positions[TextKey($0)] }) {
                        return Int64(label)
                    }
                    throw ClassLabels.unknown(values[index], names, place.column, place.row(index))
                case .int: throw ClassLabels.unknown(values[index], names, place.column, place.row(index))
                default: throw misfit(index)
                }
            }
            return try numbers(labels, "int64", valid)
        case .list(let element), .largeList(let element), .fixedList(let element, _):
            let lists: [[Value]] = try mapped([]) { $0.list }
            if case .fixedList(_, let length) = feature,
                let index = lists.indices.first(where: { !values[$0].isNull && lists[$0].count != length })
            {
                throw misfit(index)
            }
            var inner = Place(
                column: place.column,
                rows: lists.indices.flatMap { index in
                    Array(repeating: place.position(index), count: lists[index].count)
                })
            switch feature {
            case .largeList:
                return try self.lists(
                    try array(lists.flatMap(\.self), element, &inner), lists.map(\.count), valid, large: true)
            case .fixedList(_, let length):
                guard (0...Feature.longestFixedList).contains(length) else {
                    throw DatasetError(
                        "column '\(place.column)': lists can't have the length \(length)",
                        remedy: "Declare a length from 0 to \(Feature.longestFixedList).", kind: .invalidArgument,
                        at: ErrorLocation(column: place.column))
                }
                // A missing list has its elements too, which are missing: a length without lists is a size from outside.
                let missing = values.count { $0.isNull }
                guard CheckedNumber.product([missing, length], atMost: mostMissingElements) != nil else {
                    throw DatasetError(
                        "column '\(place.column)': \(missing) missing lists of length \(length) would take up more than \(mostMissingElements) elements",
                        remedy: "Declare the length that the lists have, or none.", kind: .invalidArgument,
                        at: ErrorLocation(column: place.column))
                }
                let full = lists.enumerated().flatMap { index, list in
                    values[index].isNull ? Array(repeating: .null, count: length) : list
                }
                inner.rows = lists.indices.flatMap { Array(repeating: place.position($0), count: length) }
                let child = try array(full, element, &inner)
                return try withExtendedLifetime(child) {
                    try ArrowArrayHandle("make a column") {
                        carrow_array_fixed_lists(child.handle, Int64(length), Int64(values.count), valid, $0)
                    }
                }
            default: return try self.lists(try array(lists.flatMap(\.self), element, &inner), lists.map(\.count), valid)
            }
        case .json:
            return try strings(mapped("") { JSONText.encoded($0) }, "string", valid)
        case .structure(let fields):
            let rows: [Row] = try mapped(Row()) { $0.structure }
            let children = try fields.map { name, field in
                try array(rows.map { $0[name] ?? .null }, field, &place)
            }
            let handles: [OpaquePointer?] = children.map(\.handle)
            return try withExtendedLifetime(children) {
                try withCStrings(fields.names) { names in
                    try ArrowArrayHandle("make a column") {
                        carrow_array_structs(names, handles, Int64(handles.count), Int64(values.count), valid, $0)
                    }
                }
            }
        }
    }

    /// Types with parameters: times, durations, decimals, binary of one length, timestamps with a zone.
    private static func built(
        _ values: [Value], _ type: String, _ valid: [UInt8]?, _ misfit: (Int) -> DatasetError
    ) throws -> ArrowArrayHandle {
        func counts(_ perSecond: Int, _ value: (Value) -> Int?) throws -> [Int] {
            try values.indices.map { index in
                if values[index].isNull { return 0 }
                guard let microseconds = value(values[index]) else { throw misfit(index) }
                if perSecond <= 1_000_000 { return PythonText.floorDivide(microseconds, 1_000_000 / perSecond) }
                let (product, overflow) = microseconds.multipliedReportingOverflow(by: perSecond / 1_000_000)
                guard !overflow else { throw misfit(index) }
                return product
            }
        }
        let unit = type.split(separator: "[").dropFirst().first?.prefix { $0 != "]" && $0 != "," }
        let perSecond = unit.flatMap { ["s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000][String($0)] }
        switch (type.prefix { $0.isLetter || $0.isNumber || $0 == "_" }, perSecond) {
        case ("timestamp", let perSecond?):
            return try numbers(
                counts(perSecond) {
                    switch $0 {
                    case .timestamp(let microseconds), .zonedTimestamp(let microseconds, _): microseconds
                    default: nil
                    }
                }, type, valid)
        case ("duration", let perSecond?):
            return try numbers(
                counts(perSecond) { if case .duration(let microseconds) = $0 { microseconds } else { nil } }, type,
                valid)
        case ("time32", let perSecond?):
            let times = try counts(perSecond) { if case .time(let microseconds) = $0 { microseconds } else { nil } }
            return try numbers(times.map { Int32(truncatingIfNeeded: $0) }, type, valid)
        case ("time64", let perSecond?):
            return try numbers(
                counts(perSecond) { if case .time(let microseconds) = $0 { microseconds } else { nil } }, type, valid)
        case ("date64", _):
            return try numbers(
                values.indices.map { index in
                    guard case .date(let days) = values[index] else {
                        if values[index].isNull { return 0 }
                        throw misfit(index)
                    }
                    let (product, overflow) = days.multipliedReportingOverflow(by: 86_400_000)
                    guard !overflow else { throw misfit(index) }
                    return product
                }, type, valid)
        case ("decimal128", _), ("decimal256", _):
            let texts = try values.indices.map { index in
                switch values[index] {
                case .null: ""
                case .decimal(let text): text
                case .int(let value): String(value)
                default: throw misfit(index)
                }
            }
            return try cast(try strings(texts.map { $0.isEmpty ? "0" : $0 }, "string", valid), type)
        case ("fixed_size_binary", _):
            let width = type.split { !$0.isNumber }.last.flatMap { Int($0) } ?? 0
            let filler = [UInt8](repeating: 0, count: min(max(width, 0), 1 << 20))
            let items = try values.indices.map { index in
                switch values[index] {
                case .null: filler
                case .binary(let bytes) where bytes.count == width: bytes
                default: throw misfit(index)
                }
            }
            return try cast(try bytes(items, "binary", valid), type)
        default:
            throw DatasetError(
                "columns of type '\(type)' can't be made", remedy: "Choose a plain type.", kind: .unsupported)
        }
    }

    private static func cast(_ array: ArrowArrayHandle, _ type: String) throws -> ArrowArrayHandle {
        try withExtendedLifetime(array) {
            try ArrowArrayHandle("make a column of \(type)") { carrow_array_cast(array.handle, type, $0) }
        }
    }

    /// `T` has the size of the type's elements.
    static func numbers<T: BitwiseCopyable>(
        _ values: [T], _ type: String, _ valid: [UInt8]?
    ) throws -> ArrowArrayHandle {
        try values.withUnsafeBytes { bytes in
            try ArrowArrayHandle("make a column") {
                carrow_array_numbers(type, bytes.baseAddress, Int64(values.count), valid, $0)
            }
        }
    }

    private static func strings(_ values: [String], _ type: String, _ valid: [UInt8]?) throws -> ArrowArrayHandle {
        try bytes(values.lazy.map(\.utf8), type, valid)
    }

    private static func bytes(
        _ values: some Collection<some Collection<UInt8>>, _ type: String, _ valid: [UInt8]?
    ) throws -> ArrowArrayHandle {
        var flat: [UInt8] = []
        var offsets: [Int64] = [0]
        offsets.reserveCapacity(values.count + 1)
        for value in values {
            flat.append(contentsOf: value)
            offsets.append(Int64(flat.count))
        }
        return try ArrowArrayHandle("make a column") {
            carrow_array_strings(type, flat, offsets, Int64(offsets.count - 1), valid, $0)
        }
    }

    private static func lists(
        _ child: ArrowArrayHandle, _ counts: [Int], _ valid: [UInt8]?, large: Bool = false
    ) throws -> ArrowArrayHandle {
        var offsets: [Int64] = [0]
        offsets.reserveCapacity(counts.count + 1)
        for count in counts { offsets.append(offsets[offsets.count - 1] + Int64(count)) }
        return try withExtendedLifetime(child) {
            try ArrowArrayHandle("make a column") {
                large
                    ? carrow_array_large_lists(child.handle, offsets, Int64(counts.count), valid, $0)
                    : carrow_array_lists(child.handle, offsets, Int64(counts.count), valid, $0)
            }
        }
    }
}

extension Value {
    /// An integer, also one held as `5.0`.
    var wholeNumber: Int? {
        switch self {
        case .int(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }
}
