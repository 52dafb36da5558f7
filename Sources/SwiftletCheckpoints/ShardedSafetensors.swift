public import SwiftletIO
public import SwiftletTensor

/// The weights of a model folder: `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
public final class ShardedSafetensors: Sendable {
    /// The model's folder.
    public let folder: String
    /// Sorted where there are shards, else in the order of the file.
    public let names: [String]
    /// Of the only file, or of the index, where it holds strings.
    public let metadata: [TextKey: String]
    private let fileOfName: [TextKey: SafetensorsFile]

    /// - Throws: `FileError` without weights in the folder or for a missing shard, `SafetensorsError` for a damaged
    ///   file or an index that doesn't fit its shards.
    public init(_ folder: String) throws {
        self.folder = folder
        let single = FileSystem.join(folder, "model.safetensors")
        let index = FileSystem.join(folder, "model.safetensors.index.json")
        if FileSystem.exists(single) {
            let file = try SafetensorsFile(single)
            names = file.names
            metadata = file.metadata
            fileOfName = Dictionary(uniqueKeysWithValues: file.names.map { (TextKey($0), file) })
        } else if FileSystem.exists(index) {
            let json = try JSONValue(contentsOf: index)
            fileOfName = try Self.shards(json, index: index, folder: folder)
            names = fileOfName.keys.sorted().map(\.text)
            metadata = (json["metadata"]?.object.map(Array.init) ?? []).reduce(into: [:]) {
                if let text = $1.1.string { $0[TextKey($1.0)] = text }
            }
        } else {
            throw FileError(
                path: single, message: "'\(folder)' has no model.safetensors and no model.safetensors.index.json",
                remedy: "Check the path. Weights in another format have to be saved as safetensors first.",
                kind: .notFound)
        }
    }

    private static func shards(
        _ json: JSONValue, index: String, folder: String
    ) throws -> [TextKey: SafetensorsFile] {
        guard let map = json["weight_map"]?.object else {
            throw SafetensorsError(
                path: index, problem: "has no object 'weight_map'", remedy: SafetensorsError.getAgain, kind: .damaged)
        }
        var files: [TextKey: SafetensorsFile] = [:]
        var result: [TextKey: SafetensorsFile] = [:]
        for (name, value) in map {
            // A bare file name: an index from elsewhere must not lead out of the folder.
            guard let shard = value.string, !shard.isEmpty, !shard.contains("/"), shard != ".." else {
                throw SafetensorsError(
                    path: index, key: name, problem: "its shard is no file name", remedy: SafetensorsError.getAgain,
                    kind: .damaged)
            }
            let path = FileSystem.join(folder, shard)
            if files[TextKey(shard)] == nil {
                guard FileSystem.exists(path) else {
                    throw FileError(
                        path: path, message: "the shard '\(path)' is missing, which '\(index)' names for '\(name)'",
                        remedy: "Get the missing file; all shards must lie in one folder.", kind: .notFound)
                }
                files[TextKey(shard)] = try SafetensorsFile(path)
            }
            result[TextKey(name)] = files[TextKey(shard)]
            // Says so if the shard has no such tensor.
            _ = try files[TextKey(shard)]?.shape(of: name)
        }
        return result
    }

    /// The length of each dimension of a tensor.
    ///
    /// - Throws: `SafetensorsError` if no shard has a tensor of that name.
    public func shape(of name: String) throws(SafetensorsError) -> [Int] { try file(name).shape(of: name) }

    /// The type of a tensor's elements.
    ///
    /// - Throws: `SafetensorsError` if no shard has a tensor of that name.
    public func dtype(of name: String) throws(SafetensorsError) -> DType { try file(name).dtype(of: name) }

    /// Read-only; see `SafetensorsFile.tensor(_:)`.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor { try file(name).tensor(name) }

    private func file(_ name: String) throws(SafetensorsError) -> SafetensorsFile {
        guard let file = fileOfName[TextKey(name)] else {
            throw SafetensorsError(
                path: folder, key: name, problem: "is not among the folder's weights",
                remedy: "There are \(names.count) tensors\(names.first.map { ", such as '\($0)'" } ?? "").",
                kind: .noTensor)
        }
        return file
    }
}
