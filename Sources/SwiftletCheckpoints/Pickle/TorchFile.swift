import SwiftletIO
public import SwiftletTensor

/// The tensors of one file of `torch.save`, such as `pytorch_model.bin`, mapped into memory.
///
/// The file is a ZIP archive with a pickle, or in the format before PyTorch 1.6 several pickles with the bytes behind
/// them. Nothing in it is ever run: see `PickleReader`.
public final class TorchFile: Sendable {
    /// The file's path.
    public let path: String
    /// In the order of the dictionary.
    public let names: [String]
    private let tensors: [TextKey: PickleTensor]
    /// Where each storage's bytes lie.
    private let storages: [TextKey: Range<Int>]
    private let file: MappedFile

    /// An expanded tensor shows its elements many times, and may be larger than its file: up to 1 GiB.
    private static let expandedLimit = 1 << 30

    /// - Throws: `FileError` if the file can't be read, `PickleError` if it isn't a sound file of tensors.
    public init(_ path: String) throws {
        self.path = path
        let file = try MappedFile(path)
        self.file = file
        let content: TorchFileContent
        if file.bytes.starts(with: [0x50, 0x4B]) {
            content = try TorchFileContent(archive: file)
        } else if file.bytes.starts(with: TorchFileContent.legacyStart) {
            content = try TorchFileContent(legacy: file)
        } else {
            throw PickleError(
                path: path, problem: "is no file of tensors that PyTorch wrote",
                remedy: "Files of torch.save since PyTorch 0.1.10 are read. \(PickleError.convert)", kind: .unsupported)
        }
        storages = content.storages
        var tensors: [TextKey: PickleTensor] = [:]
        for (name, tensor) in content.tensors {
            try Self.check(tensor, name, storages, path)
            guard tensors.updateValue(tensor, forKey: TextKey(name)) == nil else {
                throw PickleError(
                    path: path, problem: "holds two tensors named '\(name)'", remedy: PickleError.getAgain,
                    kind: .damaged)
            }
        }
        names = content.tensors.map(\.name)
        self.tensors = tensors
    }

    /// The length of each dimension of a tensor.
    ///
    /// - Throws: `PickleError` if the file has no tensor of that name.
    public func shape(of name: String) throws(PickleError) -> [Int] { try entry(name).shape }

    /// The type of a tensor's elements.
    ///
    /// - Throws: `PickleError` if the file has no tensor of that name.
    public func dtype(of name: String) throws(PickleError) -> DType { try entry(name).storage.dtype }

    /// A tensor on the file's own pages, read-only: `clone()` before changing it in place. Where the elements are not
    /// dense or not aligned for their type, a copy.
    public func tensor(_ name: String) throws(PickleError) -> Tensor {
        let entry = try entry(name)
        let values = try stored(entry, name)
        return entry.isNegated ? -values : values
    }

    private func stored(_ entry: PickleTensor, _ name: String) throws(PickleError) -> Tensor {
        let size = entry.storage.dtype.byteCount
        let first = entry.offset + (entry.storage.part?.lowerBound ?? 0)
        let start = (storages[TextKey(entry.storage.key)]?.lowerBound ?? 0) + first * size
        let count = entry.shape.reduce(1, *)
        guard entry.isDense else { return try copy(entry, name, start: start, count: count) }
        let address = file.bytes.baseAddress.map { UInt(bitPattern: $0 + start) } ?? 0
        let range = count > 0 ? start..<start + count * size : 0..<0
        try checkBooleans(entry, name, file.bytes[range])
        if count > 0, address % UInt(size) == 0 {
            return Tensor(borrowing: file, offset: start, shape: entry.shape, dtype: entry.storage.dtype)
        }
        return Tensor.fromBytes(
            UnsafeRawBufferPointer(rebasing: file.bytes[range]), entry.shape, entry.storage.dtype)
    }

    /// A transposed, expanded or otherwise strided tensor in row-major order.
    private func copy(_ entry: PickleTensor, _ name: String, start: Int, count: Int) throws(PickleError) -> Tensor {
        let size = entry.storage.dtype.byteCount
        let copied = UnsafeMutableRawBufferPointer.allocate(byteCount: count * size, alignment: 16)
        defer { copied.deallocate() }
        guard let source = file.bytes.baseAddress, let target = copied.baseAddress, count > 0 else {
            return .zeros(entry.shape, dtype: entry.storage.dtype)
        }
        let (length, stride) = (entry.shape.last ?? 1, (entry.strides.last ?? 1) * size)
        var index = [Int](repeating: 0, count: entry.shape.count)
        for row in 0..<count / length {
            var element = start + zip(index, entry.strides).reduce(0) { $0 + $1.0 * $1.1 } * size
            for column in 0..<length {
                (target + (row * length + column) * size).copyMemory(from: source + element, byteCount: size)
                element += stride
            }
            for axis in index.indices.dropLast().reversed() {
                index[axis] += 1
                if index[axis] < entry.shape[axis] { break }
                index[axis] = 0
            }
        }
        try checkBooleans(entry, name, UnsafeRawBufferPointer(copied)[...])
        return Tensor.fromBytes(UnsafeRawBufferPointer(copied), entry.shape, entry.storage.dtype)
    }

    /// A byte that is neither false nor true would be both to different parts of libtorch.
    private func checkBooleans(
        _ entry: PickleTensor, _ name: String, _ bytes: Slice<UnsafeRawBufferPointer>
    ) throws(PickleError) {
        guard entry.storage.dtype == .bool, !bytes.allSatisfy({ $0 <= 1 }) else { return }
        throw PickleError(
            path: path, problem: "tensor '\(name)': holds bytes other than 0 and 1, which are no booleans",
            remedy: PickleError.getAgain, kind: .damaged)
    }

    private func entry(_ name: String) throws(PickleError) -> PickleTensor {
        guard let tensor = tensors[TextKey(name)] else {
            throw PickleError(
                path: path, problem: "has no tensor '\(name)'",
                remedy: "The file has \(names.count) tensors\(names.first.map { ", such as '\($0)'" } ?? "").",
                kind: .noTensor)
        }
        return tensor
    }

    /// Every element must lie in the tensor's storage, and the storage in the file.
    private static func check(
        _ tensor: PickleTensor, _ name: String, _ storages: [TextKey: Range<Int>], _ path: String
    ) throws(PickleError) {
        func problem(_ text: String) -> PickleError {
            PickleError(path: path, problem: "tensor '\(name)': \(text)", remedy: PickleError.getAgain, kind: .damaged)
        }
        let (storage, size) = (tensor.storage, tensor.storage.dtype.byteCount)
        guard let bytes = storages[TextKey(storage.key)] else {
            throw problem("its storage '\(storage.key)' is not in the file")
        }
        guard storage.count >= 0, storage.count <= bytes.count / size else {
            throw problem("its storage has \(bytes.count) bytes, too few for \(storage.count) \(storage.dtype.name)")
        }
        guard tensor.shape.count == tensor.strides.count, tensor.shape.count <= 64,
            (tensor.shape + tensor.strides).allSatisfy({ $0 >= 0 }), tensor.offset >= 0
        else { throw problem("has the shape \(tensor.shape.prefix(8)) with the strides \(tensor.strides.prefix(8))") }
        // An element beyond the storage, or more elements than any memory has: both would read or make what isn't there.
        let visible = storage.part?.count ?? storage.count
        var (bytesInAll, last) = (size, tensor.offset)
        var (isTooLarge, isExpanded) = (false, false)
        for (length, stride) in zip(tensor.shape, tensor.strides) where length > 0 {
            let (product, a) = bytesInAll.multipliedReportingOverflow(by: length)
            let (reach, b) = (length - 1).multipliedReportingOverflow(by: stride)
            let (end, c) = last.addingReportingOverflow(reach)
            isTooLarge = isTooLarge || a || b || c
            isExpanded = isExpanded || length > 1 && stride == 0
            (bytesInAll, last) = (product, end)
        }
        let isEmpty = tensor.shape.contains(0)
        guard !isTooLarge, isEmpty || last < visible, tensor.offset <= visible
        else { throw problem("with the shape \(tensor.shape.prefix(8)) leads out of its storage of \(visible)") }
        guard isEmpty || bytesInAll / size <= visible || isExpanded && bytesInAll <= expandedLimit else {
            throw problem("with the shape \(tensor.shape.prefix(8)) shows its \(visible) elements too often")
        }
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
