import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The lines of standard input. The standard library's `readLine` would change what is not UTF-8.
package struct StandardInput {
    private let file = fdopen(STDIN_FILENO, "r")
    /// Of the line that was read last, from 1.
    package private(set) var number = 0

    package init() {}

    /// - Returns: the next line without its end; `nil` at the end.
    /// - Throws: an error that names the line.
    package mutating func nextLine() throws -> String? {
        guard let file else { return nil }
        var (start, capacity): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(start) }
        let count = getline(&start, &capacity, file)
        guard count > 0, let start else { return nil }
        number += 1
        var bytes = UnsafeRawBufferPointer(start: start, count: count)[...]
        if bytes.last == UInt8(ascii: "\n") { bytes = bytes.dropLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        // A mark that texts of Windows begin with.
        if number == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        guard let line = String(validating: bytes, as: UTF8.self) else {
            throw StandardInputError(
                message: "line \(number) of standard input is not UTF-8 text",
                remedy: "Convert it to UTF-8, or give the file with --file and --encoding.", line: number)
        }
        return line
    }
}

/// Standard input that can't be read as text.
private struct StandardInputError: SwiftletError {
    let message: String
    let remedy: String?
    let line: Int
    var location: ErrorLocation { ErrorLocation(line: line) }
}
