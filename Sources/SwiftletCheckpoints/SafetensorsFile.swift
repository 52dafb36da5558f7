import SwiftletIO
public import SwiftletTensor

/// The tensors of one safetensors file, mapped into memory: pages are read when a tensor is used.
///
/// The whole header is checked on opening, so that no damaged file leads outside its bytes.
public final class SafetensorsFile: Sendable {
    struct Entry: Sendable {
        var dtype: DType
        var shape: [Int]
        /// From the start of the file.
        var bytes: Range<Int>
    }

    /// The file's path.
    public let path: String
    /// In the order of the file's header.
    public let names: [String]
    /// The strings under `__metadata__`, such as `"format": "pt"`.
    public let metadata: [String: String]
    private let entries: [String: Entry]
    private let file: MappedFile

    /// The header's largest length, that of the format's own library.
    static let headerLimit = 100_000_000

    /// - Throws: `FileError` if the file can't be read, `SafetensorsError` if it isn't a sound safetensors file.
    public init(_ path: String) throws {
        self.path = path
        file = try MappedFile(path, copiesOnWrite: true)
        let header = try SafetensorsHeader(file)
        names = header.names
        metadata = header.metadata
        entries = header.entries
    }

    /// The length of each dimension of a tensor.
    ///
    /// - Throws: `SafetensorsError` if the file has no tensor of that name.
    public func shape(of name: String) throws(SafetensorsError) -> [Int] { try entry(name).shape }

    /// The type of a tensor's elements.
    ///
    /// - Throws: `SafetensorsError` if the file has no tensor of that name.
    public func dtype(of name: String) throws(SafetensorsError) -> DType { try entry(name).dtype }

    /// A tensor on the file's own pages. Changing it in place leaves the file as it is, and changes what this object gives
    /// for the name from then on. Where the elements are not aligned for their type, a copy.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        let entry = try entry(name)
        try checkBooleans(entry, name)
        let address = file.bytes.baseAddress.map { UInt(bitPattern: $0 + entry.bytes.lowerBound) } ?? 0
        if address % UInt(entry.dtype.byteCount) == 0, !entry.bytes.isEmpty {
            return Tensor(
                borrowing: file, offset: entry.bytes.lowerBound, shape: entry.shape, dtype: entry.dtype)
        }
        return Tensor.fromBytes(UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes]), entry.shape, entry.dtype)
    }

    /// A byte that is neither false nor true would be both to different parts of libtorch.
    private func checkBooleans(_ entry: Entry, _ name: String) throws(SafetensorsError) {
        guard entry.dtype == .bool, !file.bytes[entry.bytes].allSatisfy({ $0 <= 1 }) else { return }
        throw SafetensorsError(
            path: path, key: name, problem: "holds bytes other than 0 and 1, which are no booleans",
            remedy: SafetensorsError.getAgain, kind: .damaged)
    }

    private func entry(_ name: String) throws(SafetensorsError) -> Entry {
        guard let entry = entries[name] else {
            throw SafetensorsError(
                path: path, key: name, problem: "is not in the file",
                remedy: "The file has \(names.count) tensors\(names.first.map { ", such as '\($0)'" } ?? "").",
                kind: .noTensor)
        }
        return entry
    }
}

/// The checked header of a safetensors file.
struct SafetensorsHeader {
    var names: [String] = []
    var metadata: [String: String] = [:]
    var entries: [String: SafetensorsFile.Entry] = [:]
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
        for (name, value) in try Self.object(bytes[8..<start], path: path) {
            if name == "__metadata__" {
                metadata = try strings(value)
            } else {
                entries[name] = try entry(name, value, start: start, end: bytes.count)
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

    private func strings(_ value: JSONValue) throws(SafetensorsError) -> [String: String] {
        guard let object = value.object else {
            throw problem("'__metadata__' is \(value.kind), not an object", nil)
        }
        var strings: [String: String] = [:]
        for (key, value) in object {
            guard let text = value.string else {
                throw problem("'\(key)' of '__metadata__' is \(value.kind), not a string", nil)
            }
            strings[key] = text
        }
        return strings
    }

    private func entry(
        _ name: String, _ value: JSONValue, start: Int, end: Int
    ) throws(SafetensorsError) -> SafetensorsFile.Entry {
        guard value.object != nil else { throw problem(name, "is described by \(value.kind), not an object") }
        guard let dtypeName = value["dtype"]?.string else { throw problem(name, "has no dtype") }
        guard let dtype = DType(safetensorsName: dtypeName) else {
            throw SafetensorsError(
                path: path, key: name, problem: "has the dtype \(dtypeName), which Swiftlet doesn't read",
                remedy: "Convert the file: " + DType.allCases.map(\.safetensorsName).joined(separator: ", ")
                    + " are read.", kind: .unsupported)
        }
        guard let shape = integers(value["shape"]), shape.count <= Self.rankLimit else {
            throw problem(name, "has no shape of up to \(Self.rankLimit) whole numbers from 0")
        }
        guard let offsets = integers(value["data_offsets"]), offsets.count == 2 else {
            throw problem(name, "has no data_offsets of two whole numbers")
        }
        let (lower, upper) = (offsets[0], offsets[1])
        guard lower <= upper else { throw problem(name, "ends at \(upper), before its begin at \(lower)") }
        guard upper <= end - start else {
            throw problem(name, "ends at \(upper), and the file holds \(end - start) bytes of data")
        }
        guard let size = Self.byteCount(shape, dtype) else {
            throw problem(name, "has the shape \(shape), too large for any memory")
        }
        guard size == upper - lower else {
            throw problem(name, "takes \(size) bytes by \(dtypeName) \(shape), and has \(upper - lower)")
        }
        return .init(dtype: dtype, shape: shape, bytes: start + lower..<start + upper)
    }

    /// Many of libtorch's operations take no more dimensions.
    static let rankLimit = 64

    /// `nil` on overflow, also where a size of 0 would hide it.
    private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
        var product = dtype.byteCount
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
        for (name, entry) in sorted {
            guard entry.bytes.lowerBound == position else {
                let kind =
                    entry.bytes.lowerBound < position ? "overlaps the tensor before it" : "leaves a hole before it"
                throw problem(
                    name, "\(kind): begins at \(entry.bytes.lowerBound - start), expected \(position - start)")
            }
            position = entry.bytes.upperBound
        }
        guard position == end else {
            throw problem("has \(end - position) bytes after its last tensor", SafetensorsError.getAgain)
        }
    }

    private func problem(_ text: String, _ remedy: String?) -> SafetensorsError {
        SafetensorsError(path: path, problem: text, remedy: remedy, kind: .damaged)
    }

    private func problem(_ name: String, _ text: String) -> SafetensorsError {
        SafetensorsError(path: path, key: name, problem: text, remedy: SafetensorsError.getAgain, kind: .damaged)
    }
}
