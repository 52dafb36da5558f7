import SwiftletIO
import SwiftletRunLog
import SwiftletTestSupport
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite struct ReportsPlotTests {
    /// Two epochs of ten steps, logged at every second and evaluated after each epoch.
    static let short: [JSONObject] = (1...10).flatMap { half -> [JSONObject] in
        let (step, epoch) = (half * 2, Double(half) / 5)
        let log: JSONObject = [
            "loss": .double(1 - Double(half) / 20), "grad_norm": 2,
            "learning_rate": .double(5e-5 * (1 - Double(half) / 10)),
            "epoch": .double(epoch), "step": .int(step),
        ]
        let evaluation: JSONObject = [
            "eval_loss": .double(0.9 - Double(half) / 25), "eval_accuracy": .double(0.5 + Double(half) / 40),
            "eval_mse": .double(Double(half)), "eval_runtime": 123, "eval_mm_samples_per_second": 456,
            "epoch": .double(epoch), "step": .int(step),
        ]
        return half % 5 == 0 ? [log, evaluation] : [log]
    }

    @Test func `shows losses, metrics and learning rate with their last values, and nothing else`() {
        let texts = self.texts(LossPlot(logHistory: Self.short).svg)
        for expected in [
            "Loss", "training loss 0.5", "validation loss 0.5", "Metrics", "accuracy 0.75", "mse 10", "Learning rate",
            "step", "epoch",
        ] {
            #expect(texts.contains(expected), "\(expected) in \(texts)")
        }
        #expect(
            !texts.contains {
                $0.contains("runtime") || $0.contains("second") || $0.contains("grad") || $0.contains("456")
            })
    }

    @Test func `a point lies where its step and its value say`() throws {
        let svg = LossPlot(logHistory: [
            ["eval_f1": 0.0, "step": 0], ["eval_f1": 0.5, "step": 50], ["eval_f1": 1.0, "step": 100],
        ]).svg
        let curve = try #require(svg.firstMatch(of: #/class="curve c0" d="M66 [^"]+"/#)?.output)
        let numbers = curve.matches(of: #/-?[0-9]+\.?[0-9]*/#).compactMap { Double($0.output) }.suffix(6)
        let ticks = svg.matches(of: #/x="56" y="([0-9.]+)" text-anchor="end">([0-9.]+)</#)
        // The labels of the axis stand four below the lines they name.
        let heights = Dictionary(uniqueKeysWithValues: ticks.map { (String($0.2), (Double($0.1) ?? .nan) - 4) })
        let (zero, one) = (try #require(heights["0"]), try #require(heights["1.00"] ?? heights["1.0"] ?? heights["1"]))
        #expect(difference(Array(numbers), [66, zero, 431, (zero + one) / 2, 796, one], absolute: 0.11) == nil)
        #expect(zero > one)
    }

    @Test func `a long noisy log gets a running mean, and loses no spike`() {
        var history: [JSONObject] = (1...5000).map { ["loss": .double($0 % 2 == 0 ? 1 : 3), "step": .int($0)] }
        history[2500]["loss"] = 9
        let svg = LossPlot(logHistory: history).svg
        #expect(svg.contains("its mean over 125 logs"))
        #expect(svg.utf8.count < 60_000)
        let usual = LossPlot(logHistory: Array(history[..<2500])).svg
        #expect(texts(svg).contains("8") && !texts(usual).contains("8"))
        let curve = svg.firstMatch(of: #/curve c0 faint" d="M6[^"]*"/#)?.output ?? ""
        let heights = curve.split(separator: " ").compactMap { Double($0.prefix { $0 != "L" && $0 != "\"" }) }
        #expect(heights.count(where: { $0 < (heights.sorted()[heights.count / 4] - 50) }) == 1)
    }

    @Test(
        arguments: [
            [], [["step": 1]], [["loss": .double(.nan), "step": 1]],
            [["loss": .double(.infinity), "step": .double(.infinity)]],
            [["loss": 1.7e308, "step": 1], ["loss": -1.7e308, "step": 2]], [["loss": 0, "step": 0]],
            [["loss": .double(.leastNonzeroMagnitude), "step": 1, "epoch": .double(.leastNonzeroMagnitude)]],
            [["loss": 1, "step": .int(.max), "epoch": 1e-9]],
            [["loss": 1, "step": -3, "epoch": 1]], [["loss": 1, "step": 3, "epoch": .double(.nan)]],
            [["loss": 1, "step": 1, "epoch": 1e9]],
            [["learning_rate": 5e-5, "step": 1], ["learning_rate": 5e-5, "step": 2]],
        ] as [[JSONObject]])
    func `strange values give a picture all the same`(history: [JSONObject]) {
        let svg = LossPlot(logHistory: history).svg
        #expect(svg.hasSuffix("</svg>\n"))
        #expect(svg.firstMatch(of: #/="[^"]*(nan|inf)[^"]*"/#) == nil)
    }

    @Test func `a break in the values is a break in the curve`() {
        let svg = LossPlot(logHistory: [
            ["loss": 1, "step": 1], ["loss": 2, "step": 2], ["loss": .double(.nan), "step": 3], ["loss": 1, "step": 4],
            ["loss": 2, "step": 5],
        ]).svg
        // Two pieces, and the line in the legend.
        #expect(svg.matches(of: #/class="curve c0"/#).count == 3)
    }

    @Test func `names from outside can't break the document`() {
        let svg = LossPlot(logHistory: [["eval_<b>&\u{1}\"가": 0.5, "step": 1]]).svg
        #expect(svg.contains(">&lt;b&gt;&amp; \"가 0.5</text>"))
    }

    private func texts(_ svg: String) -> [String] {
        svg.matches(of: #/<text[^>]*>([^<]*)</text>/#).map { String($0.1) }
    }

    static let folder = getenv("SWIFTLET_PLOTS").map { String(cString: $0) }

    /// To be looked at.
    @Test(.enabled(if: folder != nil, "SWIFTLET_PLOTS names no folder"))
    func `writes pictures`() throws {
        let folder = try #require(Self.folder)
        var long: [JSONObject] = []
        var seed: UInt64 = 1
        func noise() -> Double {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(seed >> 40) / Double(1 << 24) - 0.5
        }
        for step in stride(from: 10, through: 11_470, by: 10) {
            let (epoch, part) = (Double(step) / 1147, Double(step) / 11_470)
            long.append([
                "loss": .double(0.15 + 0.55 * exp(-4 * part) + 0.12 * noise()),
                "learning_rate": .double(2e-5 * min(part * 10, (1 - part) / 0.9)), "epoch": .double(epoch),
                "step": .int(step),
            ])
            if step % 1140 == 0 {
                var entry: JSONObject = [
                    "eval_loss": .double(0.35 + 0.3 * exp(-5 * part) + 0.15 * part * part), "epoch": .double(epoch),
                    "step": .int(step),
                ]
                for (index, name) in [
                    "accuracy", "f1", "precision", "recall", "matthews_correlation", "f1_entailment", "f1_neutral",
                    "f1_contradiction", "roc_auc",
                ].enumerated() {
                    entry["eval_\(name)"] = .double(0.9 - 0.05 * Double(index) - 0.3 * exp(-6 * part) + 0.01 * noise())
                }
                entry["eval_perplexity"] = .double(12_000 * exp(-3 * part))
                long.append(entry)
            }
        }
        let course = try #require(
            try JSONValue(contentsOf: Locations.fixture("reports/cards.json")).array?.first?["log_history"]?.array)
        for (name, history) in [
            ("short", Self.short), ("long", long), ("course", course.compactMap(\.object)),
            ("one", [["loss": 0.7, "step": 5]]), ("none", []),
        ] {
            try AtomicFile.write(LossPlot(logHistory: history).svg, to: FileSystem.join(folder, "\(name).svg"))
        }
    }
}
