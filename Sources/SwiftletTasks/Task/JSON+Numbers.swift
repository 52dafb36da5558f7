import SwiftletIO

extension JSONValue {
    /// A float32 in its shortest form.
    static func number(_ value: Float) -> JSONValue { .double(Double("\(value)") ?? Double(value)) }

    static func numbers(_ values: some Sequence<Float>) -> JSONValue { .array(values.map { .number($0) }) }
}
