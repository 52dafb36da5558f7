/// The first difference that matters between two lists of numbers, or `nil` if they agree elementwise within
/// `absolute + relative * |expected|`. Two NaNs agree; a NaN and a number don't.
///
/// Used as `#expect(difference(actual, expected, absolute: 1e-6) == nil)`, so that a failure prints the worst place.
public func difference(
    _ actual: [Double], _ expected: [Double], absolute: Double = 0, relative: Double = 0
) -> String? {
    guard actual.count == expected.count else {
        return "\(actual.count) values where \(expected.count) are expected"
    }
    var worst: (index: Int, excess: Double)?
    for (index, (a, e)) in zip(actual, expected).enumerated() {
        if a == e || (a.isNaN && e.isNaN) { continue }
        let error = abs(a - e)
        let excess = error.isNaN ? Double.infinity : error - (absolute + relative * abs(e))
        if excess > 0, excess > worst?.excess ?? -1 { worst = (index, excess) }
    }
    return worst.map { "at index \($0.index): \(actual[$0.index]), expected \(expected[$0.index])" }
}

public func difference(_ actual: [Float], _ expected: [Float], absolute: Double = 0, relative: Double = 0) -> String? {
    difference(actual.map(Double.init), expected.map(Double.init), absolute: absolute, relative: relative)
}
