/// How the times of a column are written to CSV. As in pandas, all of a block of rows are written alike: dates alone
/// where every one is at midnight, and so many digits of a second as the finest of them needs.
struct TimeStyle {
    /// The rows of a block, as many as Python's datasets hand to pandas at a time.
    static let rows = 1000

    private var isDatesOnly = true
    /// Digits of a second's fraction: 0, 3 or 6.
    private var digits = 0

    init(_ values: some Sequence<Value>) {
        for value in values {
            switch value {
            case .timestamp(let microseconds), .zonedTimestamp(let microseconds, _), .duration(let microseconds):
                let rest = PythonText.split(microseconds).rest
                if rest != 0 { isDatesOnly = false }
                if rest % 1_000_000 == 0 { continue }
                digits = max(digits, rest % 1000 == 0 ? 3 : 6)
            default: break
            }
        }
    }

    func text(of value: Value) -> String {
        switch value {
        case .timestamp(let microseconds): return moment(microseconds, isDatesOnly)
        case .zonedTimestamp(let microseconds, let zone):
            let offset = PythonText.offset(zone) ?? 0
            let (moved, overflow) = microseconds.addingReportingOverflow(offset * 1_000_000)
            let minutes = abs(offset) / 60
            return moment(overflow ? microseconds : moved, false)
                + "\(offset < 0 ? "-" : "+")\(PythonText.padded(minutes / 60, 2)):\(PythonText.padded(minutes % 60, 2))"
        case .date(let days): return PythonText.isoDate(days: days)
        case .time(let microseconds):
            return PythonText.clock(microseconds, digits: microseconds % 1_000_000 == 0 ? 0 : 6)
        case .duration(let microseconds):
            let (days, rest) = PythonText.split(microseconds)
            if isDatesOnly { return "\(days) days" }
            return "\(days) days \(days < 0 ? "+" : "")\(PythonText.clock(rest, digits: digits == 0 ? 0 : 6))"
        case .decimal(let text): return text
        default: return value.description
        }
    }

    private func moment(_ microseconds: Int, _ isDateOnly: Bool) -> String {
        let (days, rest) = PythonText.split(microseconds)
        let date = PythonText.isoDate(days: days)
        return isDateOnly ? date : "\(date) \(PythonText.clock(rest, digits: digits))"
    }
}
