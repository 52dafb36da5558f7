import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How the next setting to try is chosen.
public enum SearchMethod: String, Sendable, CaseIterable {
    /// Every combination of the values, once.
    case grid
    /// Values at random.
    case random
    /// Tree-structured Parzen estimator (Bergstra et al., "Algorithms for Hyper-Parameter Optimization"): the first 10
    /// settings at random; then, for each setting's value, that of 24 draws which good results speak for most.
    case tpe
    /// Asynchronous successive halving (Li et al., "A System for Massively Parallel Hyperparameter Tuning"): random settings
    /// with few epochs, and the best third of them again with three times as many.
    case asha
}

/// Chooses values by what is known of others. The same seed and the same results give the same choice.
struct SearchSampler {
    let method: SearchMethod
    let seed: UInt64

    /// A finished setting. The smaller the objective, the better.
    struct Result {
        var values: JSONObject
        var objective: Double
    }

    private static let startup = 10
    private static let draws = 24

    /// - Parameters:
    ///   - trial: the number of the setting, from 0.
    ///   - results: of the settings that have ended before this one began.
    func value(_ name: String, _ dimension: SearchDimension, trial: Int, results: [Result]) -> JSONValue {
        var random = RandomDraws(seed: mixed(name, trial))
        let known = results.filter { $0.objective.isFinite && $0.values[name] != nil }
        guard method == .tpe, known.count >= Self.startup else { return dimension.value(at: random.unit()) }
        let sorted = known.enumerated().sorted { ($0.element.objective, $0.offset) < ($1.element.objective, $1.offset) }
            .compactMap { $0.element.values[name] }
        let goodCount = min(max((sorted.count + 9) / 10, 1), 25)
        let (good, bad) = (Array(sorted.prefix(goodCount)), Array(sorted.dropFirst(goodCount)))
        if case .choices(let values) = dimension {
            func weight(_ value: JSONValue, _ given: [JSONValue]) -> Double {
                Double(given.count { $0 == value } + 1) / Double(given.count + values.count)
            }
            let ratios = values.map { weight($0, good) / weight($0, bad) }
            // Drawn from what is good, as for numbers, so that the second best has its chance.
            var best = 0
            var bestRatio = -Double.infinity
            for _ in 0..<Self.draws {
                let drawn = Self.draw(values.map { weight($0, good) }, &random)
                if ratios[drawn] > bestRatio { (best, bestRatio) = (drawn, ratios[drawn]) }
            }
            return values[best]
        }
        let (near, far) = (Parzen(good.compactMap(dimension.unit)), Parzen(bad.compactMap(dimension.unit)))
        var best = random.unit()
        var bestScore = -Double.infinity
        for _ in 0..<Self.draws {
            let drawn = near.draw(&random)
            let score = log(near.density(drawn)) - log(far.density(drawn))
            if score > bestScore { (best, bestScore) = (drawn, score) }
        }
        return dimension.value(at: best)
    }

    private static func draw(_ weights: [Double], _ random: inout RandomDraws) -> Int {
        var left = random.unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return index }
        }
        return weights.count - 1
    }

    private func mixed(_ name: String, _ trial: Int) -> UInt64 {
        var hash = seed ^ 0xCBF2_9CE4_8422_2325
        for byte in "\(trial):\(name)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}

/// A density on 0 to 1: a bell around each point, as wide as the distance to its neighbours, and one over everything.
private struct Parzen {
    private let centers: [Double]
    private let widths: [Double]

    init(_ points: [Double]) {
        let sorted = (points + [0.5]).sorted()
        let least = 1 / Double(min(100, sorted.count + 1))
        centers = sorted
        widths = sorted.indices.map { index in
            if sorted[index] == 0.5, points.isEmpty { return 1 }
            let below = index == 0 ? sorted[index] : sorted[index] - sorted[index - 1]
            let above = index == sorted.count - 1 ? 1 - sorted[index] : sorted[index + 1] - sorted[index]
            return min(max(max(below, above), least), 1)
        }
    }

    func density(_ place: Double) -> Double {
        let sum = zip(centers, widths).reduce(1.0) { sum, bell in
            let distance = (place - bell.0) / bell.1
            let mass = 0.5 * (erf((1 - bell.0) / bell.1 / 2.0.squareRoot()) - erf(-bell.0 / bell.1 / 2.0.squareRoot()))
            return sum + exp(-distance * distance / 2) / (bell.1 * 2.5066282746310002) / max(mass, 1e-12)
        }
        return sum / Double(centers.count + 1)
    }

    func draw(_ random: inout RandomDraws) -> Double {
        let choice = random.index(below: centers.count + 1)
        guard choice < centers.count else { return random.unit() }
        for _ in 0..<100 {
            let radius = (-2 * log(1 - random.unit())).squareRoot()
            let place = centers[choice] + widths[choice] * radius * cos(2 * Double.pi * random.unit())
            if (0...1).contains(place) { return place }
        }
        return centers[choice]
    }
}
