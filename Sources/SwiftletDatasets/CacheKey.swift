internal import SwiftletIO

/// The name and version of a closure given to `map` or `filter`, under which its result is kept and found again.
///
/// Swift can't look into a closure, so the key has to say what it does: **change it whenever the closure changes, or
/// anything the closure captures**. What the library sees itself need not be in it: the data, the columns that are
/// removed, the batch size. A key without which a result would be right is only ever a lost hit; a key left the same
/// after the closure changed is the one way to a result of the old one.
///
///     try dataset.map(batched: true, cacheKey: "pairs-v1") { ... }
///     try dataset.map(batched: true, cacheKey: CacheKey("pairs-v1", files: ["model/tokenizer.json"])) { ... }
public struct CacheKey: Sendable, ExpressibleByStringInterpolation {
    let parts: @Sendable () throws -> [String]

    /// A key that is a text alone: change it when the closure's result changes.
    public init(stringLiteral name: String) { self.init(name) }

    /// - Parameters:
    ///   - name: name and version of the closure.
    ///   - captured: whatever else it depends on, as text, such as the fingerprint of a tokenizer or a length.
    public init(_ name: String, _ captured: String...) {
        let all = [name] + captured
        parts = { all }
    }

    /// - Parameter files: files whose content the closure depends on, such as a `tokenizer.json`.
    public init(_ name: String, files: [String]) {
        parts = {
            try [name]
                + files.map { path in
                    let file = try MappedFile(path)
                    return withExtendedLifetime(file) {
                        var hash = XXH64()
                        hash.update(file.bytes)
                        return hash.text
                    }
                }
        }
    }
}
