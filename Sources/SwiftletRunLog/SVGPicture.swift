/// Builds an SVG document. Colours are classes, so that the same picture has two palettes.
struct SVGPicture {
    private var elements = ""

    /// Classes `c0` to `c7`.
    static let colorCount = light.count
    private static let light = [
        "#2563eb", "#d9480f", "#15803d", "#9333ea", "#b91c1c", "#0f766e", "#854d0e", "#be185d",
    ]
    private static let dark = [
        "#6ea8fe", "#ff9f5a", "#4ade80", "#c99bff", "#f87171", "#2dd4bf", "#e0b070", "#f472b6",
    ]

    mutating func line(from start: (x: Double, y: Double), to end: (x: Double, y: Double), style: String) {
        curve([start, end], style: style)
    }

    mutating func curve(_ points: [(x: Double, y: Double)], style: String) {
        let path = points.map { "\(number($0.x)) \(number($0.y))" }.joined(separator: "L")
        elements += "<path class=\"\(style)\" d=\"M\(path)\"/>\n"
    }

    mutating func dot(x: Double, y: Double, style: String) {
        elements += "<circle class=\"dot \(style)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"3.2\"/>\n"
    }

    /// - Parameter anchor: `start`, `middle` or `end`: which end of the text is at `x`.
    mutating func text(_ text: String, x: Double, y: Double, anchor: String, style: String = "label") {
        elements += "<text class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">"
        elements += "\(Self.escaped(text))</text>\n"
    }

    func document(width: Double, height: Double, title: String) -> String {
        let day = Self.palette(
            Self.light, paper: "#ffffff", ink: "#1f2328", soft: "#59636e", axis: "#8c959f", grid: "#e4e8ec",
            epoch: "#b6bec6")
        let night = Self.palette(
            Self.dark, paper: "#0d1117", ink: "#e6edf3", soft: "#9ea7b3", axis: "#6e7681", grid: "#262c34",
            epoch: "#4a525c")
        let (wide, high) = (number(width), number(height))
        let size = "width=\"\(wide)\" height=\"\(high)\" viewBox=\"0 0 \(wide) \(high)\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" \(size) role="img">
            <title>\(Self.escaped(title))</title>
            <style>
            text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-size: 12px }
            .title { font-size: 14px; font-weight: 600 }
            .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
            .faint { stroke-width: 1; stroke-opacity: 0.4 }
            .dashed { stroke-dasharray: 6 5 }
            .axis, .grid, .epoch { fill: none; stroke-width: 1 }
            .epoch { stroke-dasharray: 2 4 }
            \(day)
            @media (prefers-color-scheme: dark) {
            \(night)
            }
            </style>
            <rect class="paper" width="100%" height="100%" rx="6"/>
            \(elements)</svg>

            """
    }

    private static func palette(
        _ colors: [String], paper: String, ink: String, soft: String, axis: String, grid: String, epoch: String
    ) -> String {
        let curves = colors.enumerated().map { index, color in
            ".c\(index) { stroke: \(color) } .dot.c\(index) { fill: \(color); stroke: \(paper) }"
        }
        return """
            .paper { fill: \(paper) } .title { fill: \(ink) } .label { fill: \(soft) }
            .axis { stroke: \(axis) } .grid { stroke: \(grid) } .epoch { stroke: \(epoch) }
            \(curves.joined(separator: "\n"))
            """
    }

    /// A text's width in an average font; a character beyond Latin script counts as wide as it is high.
    static func width(of text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 0.56 : 1) * size }
    }

    /// To a tenth, which is finer than a screen.
    private func number(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            // What XML can't hold at all.
            case _ where character.value < 0x20 || (0xFFFE...0xFFFF).contains(character.value): result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
