import SwiftletIO
import SwiftletTensor

/// What a file of `torch.save` says about its tensors, before anything of it is checked against the bytes.
struct TorchFileContent {
    var tensors: [(name: String, tensor: PickleTensor)]
    /// Where each storage's bytes lie in the file.
    var storages: [TextKey: Range<Int>]

    // MARK: Since PyTorch 1.6

    /// A ZIP archive: `<root>/data.pkl` describes the tensors, `<root>/data/<key>` has the bytes of a storage.
    init(archive file: MappedFile) throws(PickleError) {
        let archive = try ZipArchive(file)
        let pickles = archive.entries.keys.map(\.text).filter {
            $0.hasSuffix("/data.pkl") && $0.split(separator: "/").count == 2
        }
        guard let pickle = pickles.first, let range = archive.entries[TextKey(pickle)] else {
            throw PickleError(
                path: file.path, problem: "is a ZIP file without a data.pkl", remedy: PickleError.getAgain,
                kind: .damaged)
        }
        guard pickles.count == 1 else {
            throw PickleError(
                path: file.path, problem: "holds \(pickles.count) pickles: \(pickles.sorted().joined(separator: ", "))",
                remedy: "A file of torch.save has one. Don't trust this one.", kind: .unsafe)
        }
        let root = String(pickle.dropLast("data.pkl".count))
        if let order = archive.entries[TextKey("\(root)byteorder")],
            String(decoding: UnsafeRawBufferPointer(rebasing: file.bytes[order]), as: UTF8.self) != "little"
        {
            throw Self.bigEndian(file)
        }
        let start = "\(root)data/".utf8
        storages = archive.entries.reduce(into: [:]) { storages, entry in
            let name = entry.key.text.utf8
            if name.starts(with: start) { storages[TextKey(String(name.dropFirst(start.count)) ?? "")] = entry.value }
        }
        tensors = try PickleReader.tensors(UnsafeRawBufferPointer(rebasing: file.bytes[range]), path: file.path)
    }

    // MARK: Before PyTorch 1.6

    /// The pickle of the number 0x1950a86a20f9469cfc6c, with which such a file begins.
    static let legacyStart: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    private static let legacyVersion = 1001

    /// Five pickles: the magic number, the format's version, the machine, the tensors, and the list of storages. Then for
    /// each storage of the list the number of its elements, and their bytes.
    init(legacy file: MappedFile) throws(PickleError) {
        func problem(_ text: String) -> PickleError {
            PickleError(path: file.path, problem: text, remedy: PickleError.getAgain, kind: .damaged)
        }
        var reader = PickleReader(file.bytes, path: file.path, at: Self.legacyStart.count)
        guard case .int(Self.legacyVersion) = try reader.next() else {
            throw problem("has another version of the format before PyTorch 1.6 than \(Self.legacyVersion)")
        }
        if case .bool(false) = try reader.dictionary()["little_endian"] { throw Self.bigEndian(file) }
        tensors = try reader.tensors()
        var dtypes: [TextKey: DType] = [:]
        for (_, tensor) in tensors {
            let storage = tensor.storage
            guard dtypes.updateValue(storage.dtype, forKey: TextKey(storage.key)) ?? storage.dtype == storage.dtype
            else {
                throw problem("takes its storage '\(storage.key)' for two element types")
            }
        }
        let keys = try reader.texts()
        var position = reader.position
        storages = [:]
        for key in keys {
            guard let dtype = dtypes[TextKey(key)] else {
                throw problem("has a storage '\(key)' that no tensor lies in")
            }
            guard position <= file.bytes.count - 8 else { throw problem("is cut off before its storage '\(key)'") }
            let count = Int64(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: Int64.self))
            position += 8
            guard count >= 0, count <= (file.bytes.count - position) / dtype.byteCount else {
                throw problem("is cut off in its storage '\(key)' of \(count) \(dtype.name)")
            }
            let end = position + Int(count) * dtype.byteCount
            guard storages.updateValue(position..<end, forKey: TextKey(key)) == nil else {
                throw problem("has two storages '\(key)'")
            }
            position = end
        }
    }

    private static func bigEndian(_ file: MappedFile) -> PickleError {
        PickleError(
            path: file.path, problem: "was written on a big-endian machine", remedy: PickleError.convert,
            kind: .unsupported)
    }
}
