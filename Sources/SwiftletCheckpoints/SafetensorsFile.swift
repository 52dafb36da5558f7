public import SwiftletIO
public import SwiftletTensor

/// The tensors of one safetensors file, mapped into memory: pages are read when a tensor is used.
///
/// The whole header is checked on opening, so that no damaged file leads outside its bytes.
public final class SafetensorsFile: Sendable {
    struct Entry: Sendable {
        /// What the file calls its elements' type.
        var dtypeName: String
        /// `nil` for one that the format has and that is not read.
        var dtype: DType?
        var shape: [Int]
        /// From the start of the file.
        var bytes: Range<Int>
    }

    /// The file's path.
    public let path: String
    /// In the order of the file's header.
    public let names: [String]
    /// The strings under `__metadata__`, such as `"format": "pt"`.
    public let metadata: [TextKey: String]
    private let entries: [TextKey: Entry]
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
    /// - Throws: `SafetensorsError` if the file has no tensor of that name, or one of a type that is not read, such as
    ///   `F8_E4M3`. A file may hold such tensors beside others.
    public func dtype(of name: String) throws(SafetensorsError) -> DType { try dtype(try entry(name), name) }

    private func dtype(_ entry: Entry, _ name: String) throws(SafetensorsError) -> DType {
        guard let dtype = entry.dtype else {
            throw SafetensorsError(
                path: path, key: name, problem: "has the dtype \(entry.dtypeName), which Swiftlet doesn't read",
                remedy: SafetensorsError.convert, kind: .unsupported)
        }
        return dtype
    }

    /// A tensor on the file's own pages. Changing it in place leaves the file as it is, and changes what this object gives
    /// for the name from then on. Where the elements are not aligned for their type, a copy.
    ///
    /// - Throws: as `dtype(of:)`; also for booleans that are none.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        let entry = try entry(name)
        let dtype = try dtype(entry, name)
        try checkBooleans(entry, name)
        let address = file.bytes.baseAddress.map { UInt(bitPattern: $0 + entry.bytes.lowerBound) } ?? 0
        if address % UInt(dtype.byteCount) == 0, !entry.bytes.isEmpty {
            return Tensor(borrowing: file, offset: entry.bytes.lowerBound, shape: entry.shape, dtype: dtype)
        }
        return Tensor.fromBytes(UnsafeRawBufferPointer(rebasing: file.bytes[entry.bytes]), entry.shape, dtype)
    }

    /// A byte that is neither false nor true would be both to different parts of libtorch.
    private func checkBooleans(_ entry: Entry, _ name: String) throws(SafetensorsError) {
        guard entry.dtype == .bool, !file.bytes[entry.bytes].allSatisfy({ $0 <= 1 }) else { return }
        throw SafetensorsError(
            path: path, key: name, problem: "holds bytes other than 0 and 1, which are no booleans",
            remedy: SafetensorsError.getAgain, kind: .damaged)
    }

    private func entry(_ name: String) throws(SafetensorsError) -> Entry {
        guard let entry = entries[TextKey(name)] else {
            throw SafetensorsError(
                path: path, key: name, problem: "is not in the file",
                remedy: "The file has \(names.count) tensors\(names.first.map { ", such as '\($0)'" } ?? "").",
                kind: .noTensor)
        }
        return entry
    }
}
