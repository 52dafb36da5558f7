import SwiftletIO

/// The tensors of one file of `torch.save`, such as `pytorch_model.bin`, mapped into memory.
///
/// The file is a ZIP archive with a pickle. Nothing in it is ever run: see `PickleReader`.
public final class TorchFile: Sendable {
    public let path: String
    /// In the order of the dictionary.
    public let names: [String]
    private let tensors: [String: PickleTensor]
    /// Where each storage's bytes lie.
    private let storages: [String: Range<Int>]
    private let file: MappedFile

    /// - Throws: `FileError` if the file can't be read, `PickleError` if it isn't a sound file of tensors.
    public init(_ path: String) throws {
        self.path = path
        let file = try MappedFile(path)
        self.file = file
        guard file.bytes.starts(with: [0x50, 0x4B]) else {
            throw PickleError(
                path: path, problem: "is no file of tensors that PyTorch 1.6 or later wrote",
                remedy: "The format before 1.6 isn't read. \(PickleError.convert)", kind: .unsupported)
        }
        let archive = try ZipArchive(file)
        guard let pickle = archive.entries.keys.first(where: { $0.hasSuffix("/data.pkl") && $0.split(separator: "/").count == 2 })
        else {
            throw PickleError(path: path, problem: "is a ZIP file without a data.pkl", remedy: PickleError.getAgain)
        }
        let root = String(pickle.dropLast("data.pkl".count))
        if let order = archive.entries["\(root)byteorder"],
            String(decoding: UnsafeRawBufferPointer(rebasing: file.bytes[order]), as: UTF8.self) != "little"
        {
            throw PickleError(
                path: path, problem: "was written on a big-endian machine", remedy: PickleError.convert,
                kind: .unsupported)
        }
        storages = archive.entries.filter { $0.key.hasPrefix("\(root)data/") }.reduce(into: [:]) {
            $0[String($1.key.dropFirst("\(root)data/".count))] = $1.value
        }
        let range = archive.entries[pickle] ?? 0..<0
        let list = try PickleReader.tensors(UnsafeRawBufferPointer(rebasing: file.bytes[range]), path: path)
        var tensors: [String: PickleTensor] = [:]
        for (name, tensor) in list {
            try Self.check(tensor, name, storages, path)
            guard tensors.updateValue(tensor, forKey: name) == nil else {
                throw PickleError(path: path, problem: "holds two tensors named '\(name)'", remedy: PickleError.getAgain)
            }
        }
        names = list.map(\.name)
        self.tensors = tensors
    }

    public func shape(of name: String) throws(PickleError) -> [Int] { try entry(name).shape }

    public func dtype(of name: String) throws(PickleError) -> DType { try entry(name).storage.dtype }

    /// A tensor on the file's own pages, read-only: `clone()` before changing it in place. Where the elements are not
    /// dense or not aligned for their type, a copy.
    public func tensor(_ name: String) throws(PickleError) -> Tensor {
        let entry = try entry(name)
        let size = entry.storage.dtype.byteCount
        let start = (storages[entry.storage.key]?.lowerBound ?? 0) + entry.offset * size
        let count = entry.shape.reduce(1, *)
        guard entry.isDense else { return copy(entry, start: start, count: count) }
        let address = file.bytes.baseAddress.map { UInt(bitPattern: $0 + start) } ?? 0
        if count > 0, address % UInt(size) == 0 {
            return Tensor(borrowing: file, offset: start, shape: entry.shape, dtype: entry.storage.dtype)
        }
        let range = count > 0 ? start..<start + count * size : 0..<0
        return Tensor.fromBytes(
            UnsafeRawBufferPointer(rebasing: file.bytes[range]), entry.shape, entry.storage.dtype)
    }

    /// A transposed or otherwise strided tensor in row-major order.
    private func copy(_ entry: PickleTensor, start: Int, count: Int) -> Tensor {
        let size = entry.storage.dtype.byteCount
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * size)
        var place = [Int](repeating: 0, count: entry.shape.count)
        for _ in 0..<count {
            let element = start + zip(place, entry.strides).reduce(0) { $0 + $1.0 * $1.1 } * size
            bytes.append(contentsOf: file.bytes[element..<element + size])
            for axis in place.indices.reversed() {
                place[axis] += 1
                if place[axis] < entry.shape[axis] { break }
                place[axis] = 0
            }
        }
        return bytes.withUnsafeBytes { Tensor.fromBytes($0, entry.shape, entry.storage.dtype) }
    }

    private func entry(_ name: String) throws(PickleError) -> PickleTensor {
        guard let tensor = tensors[name] else {
            throw PickleError(
                path: path, problem: "has no tensor '\(name)'",
                remedy: "The file has \(names.count) tensors\(names.first.map { ", such as '\($0)'" } ?? "").",
                kind: .noTensor)
        }
        return tensor
    }

    /// Every element must lie in the tensor's storage, and the storage in the file.
    private static func check(
        _ tensor: PickleTensor, _ name: String, _ storages: [String: Range<Int>], _ path: String
    ) throws(PickleError) {
        func problem(_ text: String) -> PickleError {
            PickleError(path: path, problem: "tensor '\(name)': \(text)", remedy: PickleError.getAgain)
        }
        let (storage, size) = (tensor.storage, tensor.storage.dtype.byteCount)
        guard let bytes = storages[storage.key] else { throw problem("its storage '\(storage.key)' is not in the file") }
        guard storage.count >= 0, storage.count <= bytes.count / size else {
            throw problem("its storage has \(bytes.count) bytes, too few for \(storage.count) \(storage.dtype.name)")
        }
        guard tensor.shape.count == tensor.strides.count, tensor.shape.count <= 64,
            (tensor.shape + tensor.strides).allSatisfy({ $0 >= 0 }), tensor.offset >= 0
        else { throw problem("has the shape \(tensor.shape.prefix(8)) with the strides \(tensor.strides.prefix(8))") }
        // An element beyond the storage, or more elements than it has: both would read or make what isn't there.
        var (count, last) = (1, tensor.offset)
        var isTooLarge = false
        for (length, stride) in zip(tensor.shape, tensor.strides) where length > 0 {
            let (elements, a) = count.multipliedReportingOverflow(by: length)
            let (reach, b) = (length - 1).multipliedReportingOverflow(by: stride)
            let (end, c) = last.addingReportingOverflow(reach)
            isTooLarge = isTooLarge || a || b || c
            (count, last) = (elements, end)
        }
        let isEmpty = tensor.shape.contains(0)
        guard !isTooLarge, isEmpty || (last < storage.count && count <= storage.count), tensor.offset <= storage.count
        else { throw problem("with the shape \(tensor.shape.prefix(8)) leads out of its storage of \(storage.count)") }
    }
}

extension PickleTensor {
    /// Whether the elements follow each other in row-major order.
    var isDense: Bool {
        var expected = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            if stride != expected { return shape.contains(0) }
            expected *= length
        }
        return true
    }
}
