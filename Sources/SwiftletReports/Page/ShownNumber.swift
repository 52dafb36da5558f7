import SwiftletIO
import SwiftletRunLog

/// Numbers as the sentences, tables and cards of reports, comparisons and sweeps write them.
enum ShownNumber {
    /// Four decimals, and whole numbers without any: `0.5`, `64`. What is not finite has no text.
    static func short(_ value: Double) -> String { value.isFinite ? plain((value * 1e4).rounded() / 1e4) : "" }

    /// All digits, and whole numbers without a point: `500`, `5e-05`.
    static func plain(_ value: Double) -> String {
        // Above 2^53 digits would be made up.
        if value == value.rounded(), abs(value) <= 0x1p53, let whole = Int(exactly: value) { return String(whole) }
        return String(value)
    }

    /// Three significant digits: of small differences, four decimals would leave nothing.
    static func significant(_ value: Double) -> String { NumberText.significant(value, digits: 3) }

    /// With its sign, as a difference: `+0.5`.
    static func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + short(value) }

    /// The p of a test as a cell of a table: four decimals make 0 of what is only small.
    static func probability(_ value: Double) -> String {
        value.isFinite && value < 0.0001 ? "< 0.0001" : short(value)
    }

    /// The same within a sentence: `p = 0.0312`, `p < 0.0001`.
    static func probabilitySentence(_ value: Double) -> String {
        let text = probability(value)
        return text.hasPrefix("<") ? "p \(text)" : "p = \(text)"
    }
}

/// The beginning of a text, with a sign where something is cut off.
func cut(_ text: String, _ limit: Int) -> String {
    guard text.utf8.count > limit, text.count > limit else { return text }
    return String(text.prefix(limit)) + "…"
}

extension JSONValue {
    /// As a table of settings shows it: a text without quotes, and whole numbers without a point.
    var settingText: String {
        if case .double(let number) = self { return ShownNumber.plain(number) }
        return string ?? text(.line)
    }
}
