internal import CArrowInterface

/// Elements of an Arrow array, read in place. The array is alive as long as the `ArrowColumn` it comes from.
struct ArrowView {
    let array: UnsafePointer<ArrowArray>
    let type: ArrowType

    var count: Int { Int(array.pointee.length) }
    private var offset: Int { Int(array.pointee.offset) }

    private func buffer<T>(_ index: Int, as type: T.Type) -> UnsafePointer<T>? {
        guard index < array.pointee.n_buffers else { return nil }
        return array.pointee.buffers[index]?.assumingMemoryBound(to: type)
    }

    var hasNulls: Bool {
        if case .null = type { return count > 0 }
        return array.pointee.null_count != 0 && buffer(0, as: UInt8.self) != nil
    }

    func isNull(_ index: Int) -> Bool {
        if case .null = type { return true }
        guard array.pointee.null_count != 0, let bits = buffer(0, as: UInt8.self) else { return false }
        return !Self.bit(bits, index + offset)
    }

    private static func bit(_ bits: UnsafePointer<UInt8>, _ index: Int) -> Bool {
        bits[index >> 3] >> UInt8(index & 7) & 1 == 1
    }

    func child(_ index: Int, _ type: ArrowType) -> ArrowView {
        ArrowView(array: UnsafePointer(array.pointee.children[index]!), type: type)
    }

    /// Where the text or list at `index` begins and ends.
    func range(_ index: Int) -> Range<Int> {
        let place = index + offset
        switch type {
        case .list(_, large: true), .string(large: true), .binary(large: true):
            guard let offsets = buffer(1, as: Int64.self) else { return 0..<0 }
            let start = Int(offsets[place])
            return start..<max(start, Int(offsets[place + 1]))
        case .fixedList(_, let length): return place * length..<(place + 1) * length
        default:
            guard let offsets = buffer(1, as: Int32.self) else { return 0..<0 }
            let start = Int(offsets[place])
            return start..<max(start, Int(offsets[place + 1]))
        }
    }

    func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let range = range(index)
        guard let data = buffer(2, as: UInt8.self), !range.isEmpty else {
            return UnsafeBufferPointer(start: nil, count: 0)
        }
        return UnsafeBufferPointer(start: data + range.lowerBound, count: range.count)
    }

    func string(_ index: Int) -> String { String(decoding: bytes(index), as: UTF8.self) }

    func bool(_ index: Int) -> Bool { buffer(1, as: UInt8.self).map { Self.bit($0, index + offset) } ?? false }

    /// An integer, date or time; what is beyond `Int` is cut to the largest one.
    func int(_ index: Int) -> Int {
        let place = index + offset
        switch type {
        case .int(let bytes, let signed):
            switch (bytes, signed) {
            case (1, true): return Int(buffer(1, as: Int8.self)![place])
            case (1, false): return Int(buffer(1, as: UInt8.self)![place])
            case (2, true): return Int(buffer(1, as: Int16.self)![place])
            case (2, false): return Int(buffer(1, as: UInt16.self)![place])
            case (4, true): return Int(buffer(1, as: Int32.self)![place])
            case (4, false): return Int(buffer(1, as: UInt32.self)![place])
            case (_, false): return Int(clamping: buffer(1, as: UInt64.self)![place])
            default: return Int(buffer(1, as: Int64.self)![place])
            }
        case .date(bytes: 4): return Int(buffer(1, as: Int32.self)![place])
        case .time(_, let perSecond) where perSecond <= 1000: return Int(buffer(1, as: Int32.self)![place])
        default: return Int(buffer(1, as: Int64.self)![place])
        }
    }

    /// An unsigned integer of 64 bits.
    func unsigned(_ index: Int) -> UInt64 { buffer(1, as: UInt64.self)![index + offset] }

    func double(_ index: Int) -> Double {
        let place = index + offset
        switch type {
        case .float(bytes: 2): return Self.half(buffer(1, as: UInt16.self)![place])
        case .float(bytes: 4): return Double(buffer(1, as: Float.self)![place])
        case .float: return buffer(1, as: Double.self)![place]
        case .int(bytes: 8, signed: false): return Double(buffer(1, as: UInt64.self)![place])
        default: return Double(int(index))
        }
    }

    private static func half(_ bits: UInt16) -> Double {
        let sign = bits >> 15 == 1 ? -1.0 : 1.0
        let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
        if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
        if exponent == 0 { return sign * fraction * 0x1p-24 }
        return sign * (1 + fraction / 1024) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
    }

    /// Elements that are numbers of a fixed type, in place, where there are no nulls among them.
    func numbers<T>(as type: T.Type) -> UnsafeBufferPointer<T> {
        guard count > 0, let start = buffer(1, as: type) else { return UnsafeBufferPointer(start: nil, count: 0) }
        return UnsafeBufferPointer(start: start + offset, count: count)
    }

    /// A time in microseconds; what is beyond `Int` is cut to the largest one.
    private func microseconds(_ index: Int, _ perSecond: Int) -> Int {
        let value = int(index)
        if perSecond > 1_000_000 { return PythonText.floorDivide(value, perSecond / 1_000_000) }
        let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000 / perSecond)
        return overflow ? (value < 0 ? .min : .max) : product
    }

    func value(_ index: Int) -> Value {
        if isNull(index) { return .null }
        switch type {
        case .null: return .null
        case .bool: return .bool(bool(index))
        case .int(bytes: 8, signed: false):
            let value = buffer(1, as: UInt64.self)![index + offset]
            return Int(exactly: value).map { .int($0) } ?? .unsigned(value)
        case .int: return .int(int(index))
        case .float: return .double(double(index))
        case .string: return .string(string(index))
        case .binary: return .binary(Array(bytes(index)))
        case .date(let bytes):
            return .date(days: bytes == 4 ? int(index) : PythonText.floorDivide(int(index), 86_400_000))
        case .timestamp(_, let perSecond, nil): return .timestamp(microseconds: microseconds(index, perSecond))
        case .timestamp(_, let perSecond, let zone?):
            return .zonedTimestamp(microseconds: microseconds(index, perSecond), zone: zone)
        case .time(_, let perSecond): return .time(microseconds: microseconds(index, perSecond))
        case .duration(_, let perSecond): return .duration(microseconds: microseconds(index, perSecond))
        case .fixedBinary(let length):
            guard length > 0, let data = buffer(1, as: UInt8.self) else { return .binary([]) }
            return .binary(Array(UnsafeBufferPointer(start: data + (index + offset) * length, count: length)))
        case .decimal(let bytes, _, let scale):
            guard let words = buffer(1, as: UInt64.self) else { return .null }
            let count = bytes / 8
            return .decimal(
                PythonText.decimal(
                    words: Array(UnsafeBufferPointer(start: words + (index + offset) * count, count: count)),
                    scale: scale))
        case .list(let element, _), .fixedList(let element, _):
            let view = child(0, element)
            return .list(range(index).map { view.value($0) })
        case .structure(let fields):
            let values = fields.indices.map { child($0, fields[$0].type).value(index + offset) }
            return .structure(Row(names: fields.map(\.name), values: values))
        }
    }
}
