#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif
internal import SwiftletIO

/// The shared libraries of this process.
struct LoadedLibraries {
    private let paths: [String]

    init() {
        #if canImport(Darwin)
        paths = (0..<_dyld_image_count()).compactMap { _dyld_get_image_name($0).map { String(cString: $0) } }
        #else
        var paths: [String] = []
        if let file = fopen("/proc/self/maps", "r") {
            defer { fclose(file) }
            var line: UnsafeMutablePointer<CChar>?
            var capacity = 0
            defer { free(line) }
            while getline(&line, &capacity, file) >= 0, let line {
                let text = String(cString: line)
                guard let slash = text.firstIndex(of: "/") else { continue }
                let path = String(text[slash...].prefix { $0 != "\n" })
                if path != paths.last { paths.append(path) }
            }
        }
        self.paths = paths
        #endif
    }

    /// The file of the library with this name, such as `libarrow`, without a version; `nil` where it is not loaded.
    func path(of name: String) -> String? {
        paths.first { FileSystem.name(of: $0).prefix { $0 != "." } == name }
    }
}
