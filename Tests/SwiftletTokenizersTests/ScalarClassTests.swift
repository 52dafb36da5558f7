import SwiftletTokenizers
import Testing

/// Classes of a pattern are asked by the bits of pages of 256 scalars: the edges of pages and of their words.
@Suite struct ScalarClassTests {
    @Test(
        arguments: [
            0x0...0x10FFFF, 0x100...0x1FF, 0x100...0x3FF, 0xFF...0x100, 0xFE...0x201, 0x3F...0x40, 0x140...0x17F,
            0x41...0x41, 0x1FF...0x1FF, 0x10FF00...0x10FFFF, 0xE000...0x10FFFE, 0x7F...0x80, 0x1F600...0x1F64F,
        ] as [ClosedRange<UInt32>])
    func `a class holds its range and no more`(range: ClosedRange<UInt32>) throws {
        func scalar(_ value: UInt32) -> String { String(Unicode.Scalar(value).map(Character.init) ?? "?") }
        let pattern = "[\\x{\(String(range.lowerBound, radix: 16))}-\\x{\(String(range.upperBound, radix: 16))}]"
        let edges = [range.lowerBound, range.upperBound].flatMap { edge in
            [-257, -256, -65, -64, -1, 0, 1, 63, 64, 255, 256].map { Int(edge) + $0 }
        }
        for edge in edges {
            guard let value = UInt32(exactly: edge), Unicode.Scalar(value) != nil else { continue }
            let found = try matchesAndSteps(pattern, scalar(value)).matches
            #expect(found.isEmpty != range.contains(value), "U+\(String(value, radix: 16))")
        }
    }

    @Test func `classes of several ranges share pages`() throws {
        let pattern = "[\\x{101}-\\x{103}\\x{140}-\\x{1fe}\\x{200}-\\x{2ff}\\x{3fe}-\\x{501}]"
        for value in UInt32(0x100)...0x510 {
            let isIn = [0x101...0x103, 0x140...0x1FE, 0x200...0x2FF, 0x3FE...0x501].contains { $0.contains(value) }
            let text = String(Character(try #require(Unicode.Scalar(value))))
            #expect(try matchesAndSteps(pattern, text).matches.isEmpty != isIn, "U+\(String(value, radix: 16))")
        }
    }
}
