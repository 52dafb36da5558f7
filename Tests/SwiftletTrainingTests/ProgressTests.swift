import SwiftletIO
import SwiftletTestSupport
import SwiftletTraining
import Testing

@Suite struct ProgressTests {
    @Test func `the bar's text`() {
        #expect(
            ProgressText(done: 5, total: 10, elapsed: 20).line()
                == "50% ███████████████░░░░░░░░░░░░░░░ 5/10 [00:20<00:20, 4.0 s/it]")
        #expect(
            ProgressText(done: 459, total: 1377, elapsed: 3723, label: "training", note: "loss 0.41").line()
                == "training 33% ██████████░░░░░░░░░░░░░░░░░░░░ 459/1377 [1:02:03<2:04:06, 8.11 s/it, loss 0.41]")
        #expect(
            ProgressText(done: 0, total: 3, elapsed: 0).line()
                == "0% \(String(repeating: "░", count: 30)) 0/3 [00:00<?, ? it/s]")
        #expect(
            ProgressText(done: 3000, total: 3000, elapsed: 2).line().hasSuffix("3000/3000 [00:02<00:00, 1500 it/s]"))
    }

    @Test func `what was done before a resume does not count for the rate`() {
        let text = ProgressText(done: 510, total: 520, initial: 500, elapsed: 5).line()
        #expect(text.hasPrefix("98% ") && text.hasSuffix(" 510/520 [00:05<00:05, 2.0 it/s]"))
    }

    @Test func `without a total, or beyond a wrong one, there is a count`() {
        #expect(ProgressText(done: 7, total: nil, elapsed: 2, label: "rows").line() == "rows 7 [00:02, 3.5 it/s]")
        #expect(ProgressText(done: 7, total: 6, elapsed: 2).line() == "7 [00:02, 3.5 it/s]")
    }

    @Test(arguments: [200, 60, 41, 20, 1]) func `a line never wraps`(columns: Int) {
        let line = ProgressText(done: 5, total: 10, elapsed: 20, label: "training", note: "loss 0.41").line(
            columns: columns)
        #expect(line.count < columns)
        #expect(line.contains("█") == (columns >= 60))
        #expect(ProgressText(done: 5, total: nil, elapsed: 20).line(columns: columns).count < columns)
    }

    /// What bars wrote.
    private final class Paper {
        var text = ""
        var screen: Screen { Screen { self.text += $0 } }

        /// The lines that a terminal would show.
        var lines: [String] {
            var (lines, row, column) = ([[Character]()], 0, 0)
            var rest = Substring(text)
            while let character = rest.popFirst() {
                switch character {
                case "\r": column = 0
                case "\n", "\r\n":
                    (row, column) = (row + 1, 0)
                    if row == lines.count { lines.append([]) }
                case "\u{1B}":
                    let code = rest.prefix(2)
                    rest = rest.dropFirst(2)
                    if code == "[K" { lines[row].removeSubrange(min(column, lines[row].count)...) }
                    if code == "[A" { row -= 1 }
                default:
                    while lines[row].count <= column { lines[row].append(" ") }
                    lines[row][column] = character
                    column += 1
                }
            }
            return lines.map { String($0) }
        }
    }

    private func bar(_ total: Int, on paper: Paper) -> ProgressBar {
        ProgressBar(total: total, label: "training", screen: paper.screen)
    }

    @Test func `a bar is drawn, taken away and finished`() {
        let paper = Paper()
        let bar = bar(2, on: paper)
        bar.update()
        #expect(paper.text.hasPrefix("\r\u{1B}[Ktraining 50% "))
        paper.text = ""
        bar.erase()
        #expect(paper.text == "\r\u{1B}[K")
        bar.erase()
        #expect(paper.text == "\r\u{1B}[K", "there is nothing to take away twice")
        paper.text = ""
        bar.note = "loss 0.5"
        bar.update()
        bar.finish()
        #expect(paper.text.contains("100% ") && paper.text.contains("2/2 ") && paper.text.hasSuffix(", loss 0.5]\n"))
    }

    @Test func `a nested bar is below the other one and leaves it alone`() throws {
        let paper = Paper()
        let outer = ProgressBar(total: 4, label: "training", leaves: false, screen: paper.screen)
        outer.update()
        let inner = ProgressBar(total: 2, label: "  evaluating", isNested: true, screen: paper.screen)
        inner.update()
        inner.update()
        #expect(paper.lines.count == 2)
        #expect(paper.lines[0].hasPrefix("training 25% ") && paper.lines[1].hasPrefix("  evaluating 100% "))
        inner.erase()
        #expect(paper.lines[0].hasPrefix("training 25% ") && paper.lines[1].isEmpty)
        outer.erase()
        paper.text += "a log\n"
        outer.update()
        #expect(paper.lines[0] == "a log" && paper.lines[1].hasPrefix("training 50% "))
        outer.erase()
    }

    @Test func `many updates draw a few times, the last one always`() {
        let paper = Paper()
        let bar = bar(100_000, on: paper)
        for _ in 0..<100_000 { bar.update() }
        #expect(paper.text.contains("100000/100000"))
        #expect(paper.text.split(separator: "\r").count < 1000)
    }

    @Test func `nothing is drawn without a screen, and a loop over progress is the loop itself`() {
        let silent = ProgressBar(total: 2, screen: nil)
        silent.update(2)
        #expect(silent.done == 2)
        #expect(Array(progress([3, 1, 2])) == [3, 1, 2])
        #expect(Array(progress(stride(from: 0, to: 3, by: 1), total: 3)) == [0, 1, 2])
        #expect(Array(progress(sequence(first: 1) { $0 < 3 ? $0 + 1 : nil })) == [1, 2, 3])
        #expect(Array(progress([Int]())) == [])
    }

    @Test func `a log as a line`() {
        let logs: JSONObject = [
            "loss": .double(0.693147), "learning_rate": .double(4.5e-5), "total_flos": .double(1e9),
            "epoch": .double(1),
        ]
        #expect(ProgressCallback.line(logs) == "{'loss': '0.6931', 'learning_rate': '4.5e-05', 'epoch': '1'}")
    }
}
