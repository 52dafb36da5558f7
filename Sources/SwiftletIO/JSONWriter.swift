/// How a JSON text is laid out. The presets are those of the files that the Python stack writes.
public struct JSONStyle: Sendable {
    /// Spaces a level; `nil` writes everything on one line, with a space after `,` and `:`.
    public var indent: Int?
    /// Whether keys are written in the order of their code points, instead of their own.
    public var sortsKeys: Bool
    /// Whether everything beyond ASCII is written as `\u` escapes.
    public var escapesNonASCII: Bool
    /// Whether characters that a terminal obeys, or that turn the direction of what is beside them, are `\u` escapes
    /// too: U+007F to U+009F, line and paragraph separators, marks of direction, the byte order mark. Those below U+0020
    /// always are.
    public var escapesControls = false

    /// - Parameters:
    ///   - indent: spaces for each level; `nil` writes one line.
    ///   - sortsKeys: whether keys are written in order.
    ///   - escapesNonASCII: whether characters beyond ASCII are written as `\u`, as Python does by default.
    public init(indent: Int? = nil, sortsKeys: Bool = false, escapesNonASCII: Bool = true) {
        self.indent = indent
        self.sortsKeys = sortsKeys
        self.escapesNonASCII = escapesNonASCII
    }

    /// `config.json` and `trainer_state.json`.
    public static let config = JSONStyle(indent: 2, sortsKeys: true)
    /// `all_results.json` and the like.
    public static let results = JSONStyle(indent: 4, sortsKeys: true)
    /// `tokenizer.json` and `tokenizer_config.json`.
    public static let tokenizer = JSONStyle(indent: 2, escapesNonASCII: false)
    /// One line of a JSONL file, fit for a terminal too.
    public static let line: JSONStyle = {
        var style = JSONStyle(escapesNonASCII: false)
        style.escapesControls = true
        return style
    }()
}

extension JSONValue {
    /// The JSON text in the layout of Python's `json.dumps`, numbers included; no newline at the end.
    public func text(_ style: JSONStyle = JSONStyle()) -> String {
        var output = ""
        write(to: &output, style, level: 0)
        return output
    }

    private func write(to output: inout String, _ style: JSONStyle, level: Int) {
        switch self {
        case .null: output += "null"
        case .bool(let value): output += value ? "true" : "false"
        case .int(let value): output += String(value)
        case .double(let value): output += Self.text(of: value)
        case .string(let value): Self.writeQuoted(value, to: &output, style)
        case .array(let values):
            Self.writeItems(values, "[", "]", to: &output, style, level) { value, output in
                value.write(to: &output, style, level: level + 1)
            }
        case .object(let object):
            let pairs = style.sortsKeys ? object.sorted { $0.0.precedes($1.0) } : Array(object)
            Self.writeItems(pairs, "{", "}", to: &output, style, level) { pair, output in
                Self.writeQuoted(pair.0, to: &output, style)
                output += ": "
                pair.1.write(to: &output, style, level: level + 1)
            }
        }
    }

    private static func writeItems<Item>(
        _ items: [Item], _ open: String, _ close: String, to output: inout String, _ style: JSONStyle, _ level: Int,
        _ write: (Item, inout String) -> Void
    ) {
        output += open
        for (index, item) in items.enumerated() {
            if index > 0 { output += style.indent == nil ? ", " : "," }
            writeBreak(to: &output, style, level + 1)
            write(item, &output)
        }
        if !items.isEmpty { writeBreak(to: &output, style, level) }
        output += close
    }

    private static func writeBreak(to output: inout String, _ style: JSONStyle, _ level: Int) {
        guard let indent = style.indent else { return }
        output += "\n"
        output += String(repeating: " ", count: indent * level)
    }

    /// The shortest digits that read back as the same number, as in Python: `5e-05`, `1.0`, `NaN`.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.description
    }

    private static func writeQuoted(_ text: String, to output: inout String, _ style: JSONStyle) {
        output += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{8}": output += "\\b"
            case "\u{c}": output += "\\f"
            case _ where scalar.value < 0x20,
                _ where scalar.value > 0x7E && (style.escapesNonASCII || style.escapesControls && scalar.isHidden()):
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }
}
