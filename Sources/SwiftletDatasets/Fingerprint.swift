internal import SwiftletIO
internal import Synchronization

/// What a dataset is made of, as 16 hexadecimal digits: the same files and the same steps give the same ones in every
/// process.
///
/// It is worked out when somebody asks. A step that can't be told apart from others, such as a closure without a
/// `CacheKey`, gets a number of its own, so that nothing that comes after it is ever found in a cache.
final class Fingerprint: Sendable {
    private let known: Mutex<String?>
    private let make: @Sendable () throws -> String
    /// Whether another process comes to the same digits.
    let isReproducible: Bool

    private init(isReproducible: Bool, _ known: String? = nil, _ make: @escaping @Sendable () throws -> String) {
        self.isReproducible = isReproducible
        self.known = Mutex(known)
        self.make = make
    }

    func text() throws -> String {
        if let text = known.withLock({ $0 }) { return text }
        let text = try make()
        known.withLock { $0 = text }
        return text
    }

    /// The fingerprint of a source, by all that tells it from others.
    static func of(_ parts: [String]) -> Fingerprint {
        let text = XXH64.text(parts)
        return Fingerprint(isReproducible: true, text) { text }
    }

    /// One that no other dataset has.
    static func unique() -> Fingerprint {
        let text = XXH64.text((0..<2).map { _ in String(UInt64.random(in: 0 ... .max)) })
        return Fingerprint(isReproducible: false, text) { text }
    }

    /// That of rows in memory, from their bytes.
    static func content(_ table: ArrowTable, _ features: Features) -> Fingerprint {
        Fingerprint(isReproducible: true) { XXH64.text([try table.contentHash(), features.metadata]) }
    }

    /// That of the result of an operation. `arguments` is called when the digits are needed.
    func adding(_ operation: String, _ arguments: @escaping @Sendable () throws -> [String] = { [] }) -> Fingerprint {
        Fingerprint(isReproducible: isReproducible) { XXH64.text([try self.text(), operation] + (try arguments())) }
    }

    /// That of several datasets put together.
    static func joining(_ operation: String, _ parts: [Fingerprint]) -> Fingerprint {
        Fingerprint(isReproducible: parts.allSatisfy(\.isReproducible)) {
            XXH64.text([operation] + (try parts.map { try $0.text() }))
        }
    }
}

/// Where a dataset comes from, which decides where results made of it are kept.
struct Provenance: Sendable {
    var fingerprint: Fingerprint
    /// The Arrow files that rows are mapped from, and files of indices.
    var files: [String] = []
    /// Where to keep what is made of it; `nil` for rows in memory.
    var folder: String?

    func adding(_ operation: String, _ arguments: @escaping @Sendable () throws -> [String] = { [] }) -> Provenance {
        Provenance(fingerprint: fingerprint.adding(operation, arguments), files: files, folder: folder)
    }

    static func joining(_ operation: String, _ parts: [Provenance]) -> Provenance {
        var files: [String] = []
        for file in parts.flatMap(\.files) where !files.contains(text: file) { files.append(file) }
        return Provenance(
            fingerprint: .joining(operation, parts.map(\.fingerprint)), files: files,
            folder: parts.lazy.compactMap(\.folder).first)
    }
}
