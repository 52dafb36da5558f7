package import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// How far something has come, in one line on a terminal's standard error: share, count, time and rate. Draws nothing
/// where standard error is no terminal, so that logs stay clean.
///
///     let bar = ProgressBar(total: numTrainingSteps)
///     ...
///     bar.update()
public final class ProgressBar {
    /// What 100% is; `nil` if nobody knows, then there is only a count.
    public let total: Int?
    /// The count so far.
    public private(set) var done: Int
    /// Before the bar, such as `training`.
    public let label: String
    /// After the rate, such as `loss 0.41`; shown from the next `update` on.
    public var note = ""
    private let initial: Int
    private let isNested: Bool
    private let leaves: Bool
    private let screen: Screen?
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastDrawn: ContinuousClock.Instant?
    private var isShown = false

    /// - Parameters:
    ///   - initial: what had been done before; it counts for the share, not for the rate.
    ///   - isVisible: by default whether standard error is a terminal.
    ///   - isNested: drawn on the line below the bar that is there already. Such a bar has to be erased.
    ///   - leaves: whether the bar stays where it is once `total` is reached; else `erase` can still take it away.
    public convenience init(
        total: Int?, label: String = "", initial: Int = 0, isVisible: Bool = isTerminal, isNested: Bool = false,
        leaves: Bool = true
    ) {
        self.init(
            total: total, label: label, initial: initial, isNested: isNested, leaves: leaves,
            screen: isVisible ? .standardError : nil)
    }

    /// - Parameter screen: `nil` draws nothing.
    package init(
        total: Int?, label: String = "", initial: Int = 0, isNested: Bool = false, leaves: Bool = true, screen: Screen?
    ) {
        self.total = total
        self.label = label
        self.initial = initial
        self.isNested = isNested
        self.leaves = leaves && !isNested
        self.screen = screen
        done = initial
        start = clock.now
    }

    deinit { finish() }

    /// Whether standard error is a terminal that lines can be taken back on.
    public static var isTerminal: Bool {
        isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// Goes on by `count`.
    public func update(_ count: Int = 1) { move(to: done + count) }

    /// Goes to a count.
    public func move(to count: Int) {
        let before = done
        done = max(count, 0)
        guard screen != nil, done != before else { return }
        let now = clock.now
        // Ten times a second is enough for eyes; the last one is always drawn.
        if let lastDrawn, now - lastDrawn < .milliseconds(100), done != total { return }
        lastDrawn = now
        draw(elapsed: (now - start).seconds)
        if done == total, leaves { finish() }
    }

    /// Takes the bar away, so that a line can be printed; the next `update` draws it anew.
    public func erase() {
        if isShown { screen?.write(isNested ? "\r\u{1B}[K\u{1B}[A" : "\r\u{1B}[K") }
        isShown = false
        lastDrawn = nil
    }

    /// Leaves the bar as it is on a line of its own, also before `total` is reached.
    public func finish() {
        if isShown { screen?.write("\n") }
        isShown = false
    }

    private func draw(elapsed: Double) {
        guard let screen else { return }
        let begin = isNested && !isShown ? "\n\r\u{1B}[K" : "\r\u{1B}[K"
        isShown = true
        let text = ProgressText(done: done, total: total, initial: initial, elapsed: elapsed, label: label, note: note)
        screen.write(begin + text.line(columns: screen.columns(), style: screen.style))
    }
}

/// Where bars are drawn.
package struct Screen {
    let write: (String) -> Void
    /// The width in characters.
    let columns: () -> Int
    /// How the bar is coloured; `nil` for no colours.
    let style: TerminalStyle?

    package init(
        columns: @escaping () -> Int = { 80 }, style: TerminalStyle? = nil, write: @escaping (String) -> Void
    ) {
        self.columns = columns
        self.style = style
        self.write = write
    }

    static var standardError: Screen {
        let columns: () -> Int = {
            var size = winsize()
            guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
            return Int(size.ws_col)
        }
        return Screen(columns: columns, style: .standardError) { text in
            var text = text
            text.withUTF8 { bytes in _ = systemWrite(STDERR_FILENO, bytes.baseAddress, bytes.count) }
        }
    }
}

/// Not called `write`, which would hide the C function.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(file, bytes, count)
}

/// What a bar says.
package struct ProgressText {
    let done: Int
    let total: Int?
    let initial: Int
    /// In seconds.
    let elapsed: Double
    let label: String
    let note: String

    package init(done: Int, total: Int?, initial: Int = 0, elapsed: Double, label: String = "", note: String = "") {
        self.done = done
        self.total = total
        self.initial = initial
        self.elapsed = elapsed
        self.label = label
        self.note = note
    }

    /// `training 50% ███████████████░░░░░░░░░░░░░░░ 5/10 [00:20<00:20, 4.0 s/it]`. The bar shrinks where the line is
    /// wider than the terminal: a line that wraps can't be erased.
    ///
    /// - Parameter style: colours what is done; the width counts without.
    package func line(columns: Int = .max, style: TerminalStyle? = nil) -> String {
        let rate = elapsed > 0 ? Double(done - initial) / elapsed : 0
        let name = label.isEmpty ? "" : "\(label) "
        let ending = note.isEmpty ? "" : ", \(note)"
        // More than there should be: then the total was a wrong guess.
        guard let total, done <= total else {
            let text = "\(name)\(done) [\(Self.time(elapsed)), \(Self.speed(rate))\(ending)]"
            return String(text.prefix(max(columns - 1, 0)))
        }
        let left = rate > 0 ? Self.time(Double(total - done) / rate) : "?"
        let front = "\(name)\(total > 0 ? 100 * done / total : 100)%"
        let back = "\(done)/\(total) [\(Self.time(elapsed))<\(left), \(Self.speed(rate))\(ending)]"
        let width = min(30, columns - 1 - front.count - back.count - 2)
        guard width > 4 else { return String("\(front) \(back)".prefix(max(columns - 1, 0))) }
        let filled = total > 0 ? width * done / total : width
        let full = String(repeating: "█", count: filled)
        let bar = (style.map { $0(full, .progress) } ?? full) + String(repeating: "░", count: width - filled)
        return "\(front) \(bar) \(back)"
    }

    /// Iterations a second to three digits, or seconds an iteration where that is more than one.
    private static func speed(_ rate: Double) -> String {
        guard rate > 0 else { return "? it/s" }
        let (value, unit) = rate >= 1 ? (rate, "it/s") : (1 / rate, "s/it")
        guard value < 100 else { return "\(Int(min(value, 1e15).rounded())) \(unit)" }
        return "\(value.rounded(toPlaces: value >= 10 ? 1 : 2)) \(unit)"
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e9))
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return whole >= 3600
            ? "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))" : "\(two(whole / 60)):\(two(whole % 60))"
    }
}
