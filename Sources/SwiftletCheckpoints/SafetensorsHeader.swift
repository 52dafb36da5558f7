import SwiftletIO
import SwiftletTensor

/// The checked header of a safetensors file.
struct SafetensorsHeader {
    var names: [String] = []
    var metadata: [TextKey: String] = [:]
    var entries: [TextKey: SafetensorsFile.Entry] = [:]
    private let path: String

    init(_ file: MappedFile) throws(SafetensorsError) {
        path = file.path
        let bytes = file.bytes
        guard bytes.count >= 8 else {
            throw problem("has \(bytes.count) bytes, too few for a header", SafetensorsError.getAgain)
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsFile.headerLimit else {
            throw problem(
                "gives its header a length of \(length) bytes",
                "Is this a safetensors file? A PyTorch .bin is none.")
        }
        let start = 8 + Int(length)
        guard start <= bytes.count else {
            throw problem(
                "ends in its header, which should be \(length) bytes of \(bytes.count)", SafetensorsError.getAgain)
        }
        let header = try Self.object(bytes[8..<start], path: path)
        if let (key, field) = RepeatedFields.first(in: bytes[8..<start]) {
            if let key { throw problem(of: key, "has two fields '\(field)'") }
            throw problem("has two fields '\(field)' in its header", SafetensorsError.getAgain)
        }
        for (name, value) in header {
            if name == "__metadata__" {
                // No metadata may be spelled out.
                if value != .null { metadata = try strings(value) }
            } else {
                entries[TextKey(name)] = try entry(name, value, start: start, end: bytes.count)
                names.append(name)
            }
        }
        try checkCoverage(start: start, end: bytes.count)
    }

    private static func object(
        _ bytes: Slice<UnsafeRawBufferPointer>, path: String
    ) throws(SafetensorsError) -> JSONObject {
        do {
            // A copy: a file that another process writes to meanwhile must not change between check and use.
            let json = try Array(bytes).withUnsafeBytes { copy in
                Result { () throws(JSONError) in try JSONValue(parsing: copy) }
            }.get()
            // A byte order mark, which JSON files of people begin with, is none of the format's.
            if let object = json.object, bytes.first != 0xEF { return object }
            throw SafetensorsError(
                path: path,
                problem: json.object == nil
                    ? "its header is \(json.kind), not an object" : "its header begins with a byte order mark",
                remedy: SafetensorsError.getAgain, kind: .damaged)
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw SafetensorsError(
                path: path, problem: "its header is not JSON: \(error)", remedy: SafetensorsError.getAgain,
                kind: .damaged)
        }
    }

    private func strings(_ value: JSONValue) throws(SafetensorsError) -> [TextKey: String] {
        guard let object = value.object else {
            throw problem("'__metadata__' is \(value.kind), not an object", SafetensorsError.getAgain)
        }
        var strings: [TextKey: String] = [:]
        for (key, value) in object {
            guard let text = value.string else {
                throw problem("'\(key)' of '__metadata__' is \(value.kind), not a string", SafetensorsError.getAgain)
            }
            strings[TextKey(key)] = text
        }
        return strings
    }

    private func entry(
        _ name: String, _ value: JSONValue, start: Int, end: Int
    ) throws(SafetensorsError) -> SafetensorsFile.Entry {
        var value = value
        // The library reads the three fields without their names too.
        if let fields = value.array, fields.count == 3 {
            value = ["dtype": fields[0], "shape": fields[1], "data_offsets": fields[2]]
        }
        guard value.object != nil else { throw problem(of: name, "is described by \(value.kind), not an object") }
        guard let dtypeName = value["dtype"]?.string else { throw problem(of: name, "has no dtype") }
        let dtype = DType(safetensorsName: dtypeName)
        guard let bits = dtype.map({ $0.byteCount * 8 }) ?? Self.otherSizes[TextKey(dtypeName)] else {
            throw SafetensorsError(
                path: path, key: name, problem: "has the dtype \(dtypeName), which the format doesn't have",
                remedy: SafetensorsError.convert, kind: .unsupported)
        }
        guard let shape = integers(value["shape"]), shape.count <= Self.rankLimit else {
            throw problem(of: name, "has no shape of up to \(Self.rankLimit) whole numbers from 0")
        }
        guard let offsets = integers(value["data_offsets"]), offsets.count == 2 else {
            throw problem(of: name, "has no data_offsets of two whole numbers")
        }
        let (lower, upper) = (offsets[0], offsets[1])
        guard lower <= upper else { throw problem(of: name, "ends at \(upper), before its begin at \(lower)") }
        guard upper <= end - start else {
            throw problem(of: name, "ends at \(upper), and the file holds \(end - start) bytes of data")
        }
        guard let size = Self.bitCount(shape, bits) else {
            throw problem(of: name, "has the shape \(shape), too large for any memory")
        }
        guard size % 8 == 0 else {
            throw problem(of: name, "takes \(size) bits by \(dtypeName) \(shape), no whole bytes")
        }
        guard size / 8 == upper - lower else {
            throw problem(of: name, "takes \(size / 8) bytes by \(dtypeName) \(shape), and has \(upper - lower)")
        }
        return .init(dtypeName: dtypeName, dtype: dtype, shape: shape, bytes: start + lower..<start + upper)
    }

    /// Many of libtorch's operations take no more dimensions.
    static let rankLimit = 64

    /// Bits of an element of the format's other types, which are not read. A file may hold them beside what is asked for.
    private static let otherSizes: [TextKey: Int] = [
        "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8, "U16": 16, "U32": 32, "U64": 64, "C64": 64,
    ]

    /// `nil` on overflow, also where a size of 0 would hide it.
    private static func bitCount(_ shape: [Int], _ bits: Int) -> Int? {
        var product = bits
        var hasZero = false
        for size in shape {
            if size == 0 {
                hasZero = true
                continue
            }
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            if overflow { return nil }
            product = next
        }
        return hasZero ? 0 : product
    }

    private func integers(_ value: JSONValue?) -> [Int]? {
        guard let array = value?.array else { return nil }
        let numbers = array.compactMap { element -> Int? in
            // Whole numbers only as such: 2.0 is no size.
            if case .int(let number) = element, number >= 0 { Int(number) } else { nil }
        }
        return numbers.count == array.count ? numbers : nil
    }

    /// The tensors must follow each other without overlap, hole or rest, so that no byte has two meanings or none.
    private func checkCoverage(start: Int, end: Int) throws(SafetensorsError) {
        let sorted = entries.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound) < (
                $1.value.bytes.lowerBound, $1.value.bytes.upperBound
            )
        }
        var position = start
        for (key, entry) in sorted {
            let name = key.text
            guard entry.bytes.lowerBound == position else {
                let kind =
                    entry.bytes.lowerBound < position ? "overlaps the tensor before it" : "leaves a hole before it"
                throw problem(
                    of: name, "\(kind): begins at \(entry.bytes.lowerBound - start), expected \(position - start)")
            }
            position = entry.bytes.upperBound
        }
        guard position == end else {
            throw problem("has \(end - position) bytes after its last tensor", SafetensorsError.getAgain)
        }
    }

    private func problem(_ text: String, _ remedy: String) -> SafetensorsError {
        SafetensorsError(path: path, problem: text, remedy: remedy, kind: .damaged)
    }

    private func problem(of name: String, _ text: String) -> SafetensorsError {
        SafetensorsError(path: path, key: name, problem: text, remedy: SafetensorsError.getAgain, kind: .damaged)
    }
}
