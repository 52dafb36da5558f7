import SwiftletHub
import SwiftletIO

/// A page of one file: its data as JSON, a style and a script that draws the data. It loads nothing, and its policy
/// allows no other script or style than these.
package struct ReportPage {
    let title: String
    let content: JSONObject

    var html: String {
        let script = ReportScript.text
        let style = ReportStyle.text
        let policy =
            "default-src 'none'; script-src 'sha256-\(Self.hash(script))'; style-src 'sha256-\(Self.hash(style))'; "
            + "base-uri 'none'; form-action 'none'"
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(Self.escaped(title)) – report</title>
            <style>\(style)</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the results</a>
            <header><h1 id="title">\(Self.escaped(title))</h1><p id="lead"></p><dl id="facts"></dl></header>
            <nav aria-label="Sections"><ul id="contents"></ul></nav>
            <main id="main" tabindex="-1"><noscript><p>This report is drawn by a script in it. Please allow it, or read
            predictions.parquet and run.json beside it.</p></noscript></main>
            <div id="tip" role="status" aria-live="polite" hidden></div>
            <script type="application/json" id="data">\(Self.inScript(content))</script>
            <script>\(script)</script>
            </body>
            </html>

            """
    }

    /// JSON that stays data inside a script element: with no `<`, nothing in it can end the element.
    static func inScript(_ content: JSONObject) -> String {
        var bytes: [UInt8] = []
        for byte in JSONValue.object(content).text(.line).utf8 {
            switch byte {
            case UInt8(ascii: "<"): bytes += Array("\\u003c".utf8)
            case UInt8(ascii: ">"): bytes += Array("\\u003e".utf8)
            case UInt8(ascii: "&"): bytes += Array("\\u0026".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A text as HTML shows it.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.shown().unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// SHA-256 in base 64, as policies name what they allow.
    package static func hash(_ text: String) -> String {
        let digits = Array(SHA256.hash(Array(text.utf8)).utf8)
        func value(_ digit: UInt8) -> UInt8 { digit < 58 ? digit - 48 : digit - 87 }
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = Array(bytes[start..<min(start + 3, bytes.count)])
            let bits = part.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(16 - 8 * $1.offset) }
            for place in 0..<4 {
                result.append(
                    place <= part.count ? letters[Int(bits >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
