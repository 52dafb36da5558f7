internal import CArrowInterface

/// The Arrow types that are read here, parsed from the C data interface.
indirect enum ArrowType {
    case null
    case bool
    case int(bytes: Int, signed: Bool)
    case float(bytes: Int)
    case string(large: Bool)
    case binary(large: Bool)
    case date(bytes: Int)
    /// Binary values of one length.
    case fixedBinary(length: Int)
    /// `perSecond` is 1, 1000, ...
    case timestamp(unit: String, perSecond: Int, zone: String?)
    case time(unit: String, perSecond: Int)
    case duration(unit: String, perSecond: Int)
    case decimal(bytes: Int, precision: Int, scale: Int)
    case list(ArrowType, large: Bool)
    case fixedList(ArrowType, length: Int)
    case structure([(name: String, type: ArrowType)])

    /// `nil` for a type that is not read here.
    init?(_ schema: UnsafePointer<ArrowSchema>) {
        guard schema.pointee.dictionary == nil, let format = schema.pointee.format else { return nil }
        let text = String(cString: format)
        switch text {
        case "n": self = .null
        case "b": self = .bool
        case "c": self = .int(bytes: 1, signed: true)
        case "C": self = .int(bytes: 1, signed: false)
        case "s": self = .int(bytes: 2, signed: true)
        case "S": self = .int(bytes: 2, signed: false)
        case "i": self = .int(bytes: 4, signed: true)
        case "I": self = .int(bytes: 4, signed: false)
        case "l": self = .int(bytes: 8, signed: true)
        case "L": self = .int(bytes: 8, signed: false)
        case "e": self = .float(bytes: 2)
        case "f": self = .float(bytes: 4)
        case "g": self = .float(bytes: 8)
        case "u": self = .string(large: false)
        case "U": self = .string(large: true)
        case "z": self = .binary(large: false)
        case "Z": self = .binary(large: true)
        case "tdD": self = .date(bytes: 4)
        case "tdm": self = .date(bytes: 8)
        case "tts": self = .time(unit: "s", perSecond: 1)
        case "ttm": self = .time(unit: "ms", perSecond: 1000)
        case "ttu": self = .time(unit: "us", perSecond: 1_000_000)
        case "ttn": self = .time(unit: "ns", perSecond: 1_000_000_000)
        case "tDs": self = .duration(unit: "s", perSecond: 1)
        case "tDm": self = .duration(unit: "ms", perSecond: 1000)
        case "tDu": self = .duration(unit: "us", perSecond: 1_000_000)
        case "tDn": self = .duration(unit: "ns", perSecond: 1_000_000_000)
        case "+l", "+L":
            guard let element = Self.children(of: schema)?.first?.type else { return nil }
            self = .list(element, large: text == "+L")
        case "+s":
            guard let children = Self.children(of: schema) else { return nil }
            self = .structure(children)
        default:
            guard let type = Self.withParameters(text, schema) else { return nil }
            self = type
        }
    }

    private static func withParameters(_ text: String, _ schema: UnsafePointer<ArrowSchema>) -> ArrowType? {
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        guard colon != text.endIndex else { return nil }
        let parameters = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "+w":
            guard let length = Int(parameters), (0...Feature.longestFixedList).contains(length),
                let element = children(of: schema)?.first?.type
            else { return nil }
            return .fixedList(element, length: length)
        case "w": return Int(parameters).map { .fixedBinary(length: $0) }
        case "d":
            let numbers = parameters.split(separator: ",").map { Int($0) }
            guard numbers.count >= 2, let precision = numbers[0], let scale = numbers[1] else { return nil }
            guard let bits = numbers.count > 2 ? numbers[2] : 128, bits == 128 || bits == 256 else { return nil }
            return .decimal(bytes: bits / 8, precision: precision, scale: scale)
        case "tss": return .timestamp(unit: "s", perSecond: 1, zone: zone(parameters))
        case "tsm": return .timestamp(unit: "ms", perSecond: 1000, zone: zone(parameters))
        case "tsu": return .timestamp(unit: "us", perSecond: 1_000_000, zone: zone(parameters))
        case "tsn": return .timestamp(unit: "ns", perSecond: 1_000_000_000, zone: zone(parameters))
        default: return nil
        }
    }

    private static func zone(_ text: String) -> String? { text.isEmpty ? nil : text }

    private static func children(of schema: UnsafePointer<ArrowSchema>) -> [(name: String, type: ArrowType)]? {
        var children: [(name: String, type: ArrowType)] = []
        for index in 0..<Int(schema.pointee.n_children) {
            guard let child = schema.pointee.children[index], let type = ArrowType(child) else { return nil }
            children.append((child.pointee.name.map { String(cString: $0) } ?? "", type))
        }
        return children
    }

    /// The feature that Python gives a column of this type.
    var feature: Feature {
        switch self {
        case .null: .value("null")
        case .bool: .value("bool")
        case .int(let bytes, let signed): .value("\(signed ? "" : "u")int\(bytes * 8)")
        case .float(let bytes): .value("float\(bytes * 8)")
        case .string(let large): .value(large ? "large_string" : "string")
        case .binary(let large): .value(large ? "large_binary" : "binary")
        case .date(let bytes): .value("date\(bytes * 8)")
        case .fixedBinary(let length): .value("fixed_size_binary[\(length)]")
        case .timestamp(let unit, _, nil): .value("timestamp[\(unit)]")
        case .timestamp(let unit, _, let zone?): .value("timestamp[\(unit), tz=\(zone)]")
        case .time(let unit, let perSecond): .value("time\(perSecond > 1000 ? 64 : 32)[\(unit)]")
        case .duration(let unit, _): .value("duration[\(unit)]")
        case .decimal(let bytes, let precision, let scale): .value("decimal\(bytes * 8)(\(precision), \(scale))")
        case .list(let element, let large): large ? .largeList(element.feature) : .list(element.feature)
        case .fixedList(let element, let length): .fixedList(element.feature, length: length)
        case .structure(let fields): .structure(Features(fields.map { ($0.name, $0.type.feature) }))
        }
    }
}

extension Feature {
    /// The feature of the same data when class labels are taken for the integers they are.
    var storage: Feature {
        switch self {
        case .value(let name): .value(Feature.canonical(name))
        case .classLabel: .value("int64")
        case .list(let element): .list(element.storage)
        case .largeList(let element): .largeList(element.storage)
        case .fixedList(let element, let length): .fixedList(element.storage, length: length)
        case .structure(let features): .structure(Features(features.map { ($0.0, $0.1.storage) }))
        case .json: .value("string")
        }
    }
}
