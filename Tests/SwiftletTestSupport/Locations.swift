import SwiftletIO

/// Where tests find what lies outside their own target.
public enum Locations {
    /// The package's root folder.
    public static let root: String = {
        // This file is Tests/SwiftletTestSupport/Locations.swift.
        FileSystem.parent(of: FileSystem.parent(of: FileSystem.parent(of: #filePath)))
    }()

    /// `Tests/Fixtures/<name>`.
    public static func fixture(_ name: String) -> String { "\(root)/Tests/Fixtures/\(name)" }

    /// The model that `scripts/bootstrap` fetched, all-MiniLM-L6-v2.
    public static let miniLM = "\(root)/.deps/models/all-MiniLM-L6-v2"

    /// A folder beside the package with reference data that is too large for it, if there is one. Tests that need
    /// it are disabled, visibly, where it is absent.
    public static func shared(_ name: String) -> String { "\(FileSystem.parent(of: root))/shared/\(name)" }
    public static let hasShared = FileSystem.isDirectory(shared("hub"))
}
