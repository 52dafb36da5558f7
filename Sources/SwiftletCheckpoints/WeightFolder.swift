import SwiftletIO
public import SwiftletTensor

/// The weights of a model folder, of the first kind that it has: `model.safetensors`, its shards,
/// `pytorch_model.bin`, its shards. Python looks in the same order.
public final class WeightFolder: Sendable {
    /// The model's folder.
    public let folder: String
    /// In the order of the file; sorted where there are shards.
    public let names: [String]
    private let source: Source

    private enum Source: Sendable {
        case safetensors(ShardedSafetensors)
        /// By tensor.
        case torch([TextKey: TorchFile])
    }

    /// - Throws: `FileError` without weights in the folder or for a missing shard; `SafetensorsError` or `PickleError`
    ///   for a damaged file.
    public init(_ folder: String) throws {
        self.folder = folder
        func path(_ name: String) -> String { FileSystem.join(folder, name) }
        let (single, index) = (path("pytorch_model.bin"), path("pytorch_model.bin.index.json"))
        let hasSafetensors = ["model.safetensors", "model.safetensors.index.json"].contains {
            FileSystem.exists(path($0))
        }
        if hasSafetensors || !(FileSystem.exists(single) || FileSystem.exists(index)) {
            let file = try ShardedSafetensors(folder)
            names = file.names
            source = .safetensors(file)
        } else if FileSystem.exists(single) {
            let file = try TorchFile(single)
            names = file.names
            source = .torch(Dictionary(file.names.map { (TextKey($0), file) }) { first, _ in first })
        } else {
            let files = try Self.shards(index: index, folder: folder)
            names = files.keys.sorted().map(\.text)
            source = .torch(files)
        }
    }

    private static func shards(index: String, folder: String) throws -> [TextKey: TorchFile] {
        guard let map = try JSONValue(contentsOf: index)["weight_map"]?.object else {
            throw PickleError(
                path: index, problem: "has no object 'weight_map'", remedy: PickleError.getAgain, kind: .damaged)
        }
        var (files, result): ([TextKey: TorchFile], [TextKey: TorchFile]) = ([:], [:])
        for (name, value) in map {
            // A bare file name: an index from elsewhere must not lead out of the folder.
            guard let shard = value.string, !shard.isEmpty, !shard.contains("/"), shard != ".." else {
                throw PickleError(
                    path: index, problem: "the shard of '\(name)' is no file name", remedy: PickleError.getAgain,
                    kind: .damaged)
            }
            let path = FileSystem.join(folder, shard)
            guard FileSystem.exists(path) else {
                throw FileError(
                    path: path, message: "the shard '\(path)' is missing, which '\(index)' names for '\(name)'",
                    remedy: "Get the missing file; all shards must lie in one folder.", kind: .notFound)
            }
            let file = try files[TextKey(shard)] ?? TorchFile(path)
            files[TextKey(shard)] = file
            // Says so if the shard has no such tensor.
            _ = try file.shape(of: name)
            result[TextKey(name)] = file
        }
        return result
    }

    /// The length of each dimension of a tensor.
    ///
    /// - Throws: `SafetensorsError` or `PickleError` if no file has a tensor of that name.
    public func shape(of name: String) throws -> [Int] {
        switch source {
        case .safetensors(let file): try file.shape(of: name)
        case .torch(let files): try torch(files, name).shape(of: name)
        }
    }

    /// May be changed in place, as it is read from here once; see `SafetensorsFile.tensor(_:)`.
    public func tensor(_ name: String) throws -> Tensor {
        switch source {
        case .safetensors(let file): try file.tensor(name)
        case .torch(let files): try torch(files, name).tensor(name).clone()
        }
    }

    private func torch(_ files: [TextKey: TorchFile], _ name: String) throws(PickleError) -> TorchFile {
        guard let file = files[TextKey(name)] else {
            throw PickleError(path: folder, problem: "'\(name)' is not among the folder's weights", kind: .noTensor)
        }
        return file
    }
}
