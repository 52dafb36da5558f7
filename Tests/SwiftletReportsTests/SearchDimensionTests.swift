import SwiftletIO
import Testing

import SwiftletReports

/// The values that a setting can have, as a command line writes them.
@Suite struct SearchDimensionTests {
    @Test(arguments: [
        ("8,16,32", SearchDimension.choices([8, 16, 32])), ("linear,cosine", .choices(["linear", "cosine"])),
        ("uniform:0:0.3", .real(low: 0, high: 0.3)),
        ("loguniform:1e-5:1e-3", .real(low: 1e-5, high: 1e-3, isLog: true)),
        ("int:1:5", .integer(low: 1, high: 5)), ("int:8:64:8", .integer(low: 8, high: 64, step: 8)),
        ("logint:1:64", .integer(low: 1, high: 64, isLog: true)),
        ("uniform:0:1:0.25", .real(low: 0, high: 1, step: 0.25)),
    ]) func `ranges of values`(text: String, dimension: SearchDimension) throws {
        #expect(try SearchDimension(parsing: text) == dimension)
        for share in stride(from: 0, through: 1, by: 0.05) {
            let value = dimension.value(at: share)
            if case .choices(let values) = dimension {
                #expect(values.contains(value))
            } else {
                let unit = try #require(dimension.unit(of: value))
                #expect((0...1).contains(unit))
            }
            if let grid = dimension.grid { #expect(grid.contains(value)) }
        }
    }

    @Test func `steps have no rounding`() throws {
        #expect(try SearchDimension(parsing: "uniform:0:0.3:0.1").grid == [0.0, 0.1, 0.2, 0.3])
        #expect(try SearchDimension(parsing: "loguniform:1e-5:1e-3").samples.prefix(2) == [1e-5, 1e-3])
        #expect(try SearchDimension(parsing: "int:1:3").samples == [1, 3, 2])
    }

    @Test(arguments: [
        "uniform:1:0", "loguniform:0:1", "int:1", "int:a:3", "uniform:0:nan", "8,,16", "", "int:1:5:0", "logint:0:4",
        "uniform:0:1:-1", "1e-4,1e-3,0.0001", "a,b,a", "int:99999999999999999999:3", "int:-9223372036854775808:3",
    ]) func `ranges that make no sense are refused`(text: String) {
        let error = #expect(throws: ReportError.self) { try SearchDimension(parsing: text) }
        #expect(error?.message.contains("'\(text)'") == true)
    }
}
