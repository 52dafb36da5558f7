/// What one rank knows of another after a collective operation has failed.
package struct RankReport: Equatable {
    package enum State: Character { case running = "r", failed = "f", done = "d", absent = "n" }
    package var rank: Int
    package var state: State
    /// Whether it was heard of while the reports were made.
    package var isAlive: Bool
    /// Collective operations it has begun.
    package var operations: Int
    /// Since the latest began or ended.
    package var seconds: Double
    package var host: String
    /// Such as "in the averaging of gradients"; of a failed rank, its message.
    package var activity: String
    /// How the process ended, as far as its launcher knows.
    package var ended: String

    package init(
        rank: Int, state: State, isAlive: Bool, operations: Int, seconds: Double, host: String, activity: String,
        ended: String
    ) {
        self.rank = rank
        self.state = state
        self.isAlive = isAlive
        self.operations = operations
        self.seconds = seconds
        self.host = host
        self.activity = activity
        self.ended = ended
    }

    /// The bridge's lines.
    package static func parse(_ text: String) -> [RankReport] {
        text.split(separator: "\n").compactMap { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard columns.count == 8, let rank = Int(columns[0]), let state = columns[1].first.flatMap(State.init)
            else {
                return nil
            }
            return RankReport(
                rank: rank, state: state, isAlive: columns[2] == "1", operations: Int(columns[3]) ?? 0,
                seconds: Double(columns[4]) ?? 0, host: columns[5], activity: columns[6], ended: columns[7])
        }
    }

    private var name: String { host.isEmpty ? "rank \(rank)" : "rank \(rank) (\(host))" }

    /// Says why `operation` failed on `rank`: who died, who is silent, who has not come, or whose failure came first.
    package static func explain(
        _ operation: String, rank: Int, reports: [RankReport], store: String, reason: String
    ) -> String {
        guard !reports.isEmpty else {
            return
                "rank \(rank): \(operation) failed, and the store at \(store) does not answer: the process that keeps "
                + "it, rank 0 or its launcher, is gone, or the network to it is cut (\(reason))"
        }
        let others = reports.filter { $0.rank != rank }
        // Whoever failed with a message did so because of somebody else, as this rank does.
        let culprits = others.filter { $0.state != .failed && $0.state != .done && (!$0.ended.isEmpty || !$0.isAlive) }
        let own = reports.first { $0.rank == rank }?.operations ?? 0
        let late = others.filter { $0.state == .running && $0.isAlive && $0.operations < own }
        var causes: [String]
        if !culprits.isEmpty {
            causes = culprits.map { report in
                let last = report.activity.isEmpty ? "" : ", last seen \(report.activity)"
                if !report.ended.isEmpty { return "\(report.name) \(report.ended)\(last)" }
                if report.state == .absent { return "\(report.name) was never there" }
                return "\(report.name) gives no sign of life\(last)"
            }
        } else if !late.isEmpty {
            causes = late.map {
                "\($0.name) lives, but has not come to it: \(Int($0.seconds)) s ago it was \($0.activity)"
            }
        } else {
            causes = others.filter { $0.state == .done }.map { "\($0.name) has already finished" }
            causes += others.filter { $0.state == .failed }.map { "\($0.name) has failed: \($0.activity)" }
        }
        if causes.isEmpty { causes = ["every rank lives and is in the same operation"] }
        let shown = causes.count > 8 ? causes.prefix(8) + ["\(causes.count - 8) more"] : causes[...]
        return "rank \(rank): \(operation) failed: \(shown.joined(separator: "; ")) (\(reason))"
    }
}
