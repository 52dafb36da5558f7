import SwiftletIO
import SwiftletTestSupport
import Testing

/// The OpenAPI document beside what the server does.
@Suite(.timeLimit(.minutes(5)))
struct OpenAPITests {
    private func document(_ server: RunningServer) async throws -> JSONValue {
        let answer = try await server.get("/openapi.json")
        #expect(answer.status == 200)
        return answer.json
    }

    @Test func `every address and example is answered as the document says`() async throws {
        let server = try await RunningServer([.embedding, .classifier, .reranker])
        let document = try await document(server)
        let schemas = Schemas(document)
        let paths = try #require(document["paths"]?.object)
        var answered: Set<String> = []
        var count = 0
        for (path, item) in paths {
            for (method, operation) in try #require(item.object) where method == "get" || method == "post" {
                let examples = operation["requestBody"]?["content"]?["application/json"]?["examples"]?.object
                let bodies = examples?.values.compactMap { $0["value"] } ?? [nil]
                for body in bodies {
                    let requestSchema = operation["requestBody"]?["content"]?["application/json"]?["schema"]
                    if let requestSchema { #expect(schemas.problem(body, requestSchema) == nil, "\(path)") }
                    // One of the models is for it; the others say that they are not, in the document's form.
                    for (name, task) in [
                        ("embedding", "feature-extraction"), ("classifier", "text-classification"),
                        ("reranker", "text-classification"),
                    ] {
                        let place = path.replacing("{model}", with: name).replacing("{task}", with: task)
                        let answer =
                            method == "get" ? try await server.get(place) : try await server.post(place, body)
                        let status = String(answer.status)
                        let response = try #require(
                            operation["responses"]?[status], "\(method) \(place): \(answer.text)")
                        if status == "200" { answered.insert("\(method) \(path)") } else { #expect(status == "424") }
                        for (type, content) in response["content"]?.object ?? [:] {
                            #expect(answer.headers["content-type"]?.hasPrefix(type) == true, "\(place)")
                            let value = type == "application/json" ? answer.json : .string(answer.text)
                            let problem = try schemas.problem(value, #require(content["schema"]))
                            #expect(problem == nil, "\(method) \(place)")
                        }
                        count += 1
                        if !path.contains("{model}") { break }
                    }
                }
            }
        }
        // The first model embeds; what it isn't for is answered by the others behind their names.
        let unanswered = paths.flatMap { path, item in
            (item.object?.keys ?? []).filter { $0 != "parameters" }.map { "\($0) \(path)" }
        }.filter { !answered.contains($0) }
        #expect(unanswered.sorted() == ["post /predict", "post /rerank"])
        #expect(count > 50)
        await server.stop()
    }

    @Test func `the validator of these tests finds what doesn't fit`() {
        let schemas = Schemas([
            "components": [
                "schemas": [
                    "A": [
                        "type": "object", "properties": ["a": ["type": "integer"]],
                        "required": ["a"], "additionalProperties": false,
                    ]
                ]
            ]
        ])
        let a: JSONValue = ["$ref": "#/components/schemas/A"]
        #expect(schemas.problem(["a": 1], a) == nil)
        for wrong: JSONValue in [["a": "1"], [:], ["a": 1, "b": 2], 3, ["a": 1.5]] {
            #expect(schemas.problem(wrong, a) != nil)
        }
        #expect(schemas.problem(1, ["oneOf": [["type": "integer"], ["type": "number"]]]) != nil)
        #expect(schemas.problem([], ["type": "array", "items": a, "minItems": 1]) != nil)
        #expect(schemas.problem("b", ["enum": ["a", nil]]) != nil)
        #expect(schemas.problem(0, ["type": ["integer", "null"], "minimum": 1]) != nil)
    }
}

/// Checks values by the schemas of a document: the words of JSON Schema that the document uses.
struct Schemas {
    private let named: JSONObject

    init(_ document: JSONValue) { named = document["components"]?["schemas"]?.object ?? [:] }

    /// What doesn't fit; `nil` if all does.
    func problem(_ value: JSONValue, _ schema: JSONValue, at place: String = "$") -> String? {
        if let reference = schema["$ref"]?.string {
            guard let target = named[reference.replacing("#/components/schemas/", with: "")] else {
                return "\(place): there is no \(reference)"
            }
            return problem(value, target, at: place)
        }
        if let types = schema["type"] {
            let names = types.array?.compactMap(\.string) ?? [types.string ?? ""]
            guard names.contains(where: { fits(value, $0) }) else { return "\(place): \(value.kind), not \(names)" }
        }
        if let words = schema["enum"]?.array, !words.contains(value) {
            return "\(place): \(value.text()) is none of the words"
        }
        if let least = schema["minimum"]?.double, let number = value.double, number < least {
            return "\(place): below \(least)"
        }
        if let choices = schema["oneOf"]?.array {
            let fitting = choices.filter { problem(value, $0, at: place) == nil }.count
            if fitting != 1 { return "\(place): fits \(fitting) of oneOf" }
        }
        if let choices = schema["anyOf"]?.array, !choices.contains(where: { problem(value, $0, at: place) == nil }) {
            return "\(place): fits none of anyOf"
        }
        return value.array.flatMap { listProblem($0, schema, place) }
            ?? value.object.flatMap { objectProblem($0, schema, place) }
    }

    private func fits(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"), (.object, "object"),
            (.int, "integer"), (.int, "number"), (.double, "number"):
            true
        default: false
        }
    }

    private func listProblem(_ list: [JSONValue], _ schema: JSONValue, _ place: String) -> String? {
        if let least = schema["minItems"]?.int, list.count < least { return "\(place): fewer than \(least)" }
        if let most = schema["maxItems"]?.int, list.count > most { return "\(place): more than \(most)" }
        guard let items = schema["items"] else { return nil }
        return list.enumerated().lazy.compactMap { problem($1, items, at: "\(place)[\($0)]") }.first
    }

    private func objectProblem(_ object: JSONObject, _ schema: JSONValue, _ place: String) -> String? {
        let properties = schema["properties"]?.object ?? [:]
        for name in schema["required"]?.array ?? [] {
            if let name = name.string, object[name] == nil { return "\(place): '\(name)' is missing" }
        }
        for (key, value) in object {
            if let own = properties[key] {
                if let problem = problem(value, own, at: "\(place).\(key)") { return problem }
            } else if let more = schema["additionalProperties"] {
                if more == false { return "\(place): '\(key)' is not known" }
                if let problem = problem(value, more, at: "\(place).\(key)") { return problem }
            }
        }
        return nil
    }
}
