import Swiftlet

/// Classifies texts with a small model and compares with what Python answers: `classify FIXTURES FOLDER`, with the
/// repository's fixtures and a folder to write the model to.
@main
struct Classify {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3 else { throw Mistake(description: "usage: classify FIXTURES FOLDER") }
        let group = try writeModel(fixtures: arguments[1], to: arguments[2])

        let classify = try await pipeline(.textClassification, model: arguments[2])
        var count = 0
        for example in group["cases"]?.array ?? [] where example["options"]?["top_k"]?.isNull == true {
            let texts = (example["inputs"]?.array ?? []).map(\.string)
            for (text, expected) in zip(texts, example["expected"]?.array ?? []) {
                guard let text, let best = expected.array?.first else { continue }
                let answer = try await classify(text)
                guard answer.label == best["label"]?.string, let score = best["score"]?.double,
                    abs(Double(answer.score) - score) < 1e-5
                else { throw Mistake(description: "'\(text)' is \(answer.label) \(answer.score), not \(best)") }
                print(text, answer.label, answer.score, separator: "\t")
                count += 1
            }
        }
        guard count >= 3 else { throw Mistake(description: "only \(count) texts were compared") }
        print("\(count) texts with Swiftlet \(swiftletVersion): as in Python")
    }

    /// Puts a model's folder together from the fixtures of the package's own tests.
    private static func writeModel(fixtures: String, to folder: String) throws -> JSONValue {
        let groups = try JSONValue(contentsOf: "\(fixtures)/pipelines/expected.json")["groups"]?.array ?? []
        guard let group = groups.first(where: { $0["task"]?.string == "text-classification" }),
            let source = group["model"]?.string, let head = group["head"]?.string,
            let tokenizer = group["tokenizer"]?.string
        else { throw Mistake(description: "the fixtures hold no group for text-classification") }
        let weights = try SafetensorsFile(
            ["weights", "fixture"].map { "\(fixtures)/\(source)/\($0).safetensors" }.first(where: FileSystem.exists)
                ?? source)
        let tasks = try JSONValue(contentsOf: "\(fixtures)/\(source)/tasks.json")
        func names(_ task: String, _ key: String) -> [String] { (tasks[task]?[key]?.array ?? []).compactMap(\.string) }
        let without = Set(names(head, "without"))
        let tensors =
            try names("encoder", "names").filter { !without.contains($0) }
            .map { ($0, try weights.tensor("encoder/\($0)")) }
            + names(head, "head").map { ($0, try weights.tensor("\(head)/\($0)")) }
        try FileSystem.createDirectory(folder)
        try Safetensors.write(tensors, to: "\(folder)/model.safetensors")
        for (from, name) in [
            (source, "config.json"), (tokenizer, "tokenizer.json"), (tokenizer, "tokenizer_config.json"),
        ] {
            try AtomicFile.write(
                try JSONValue(contentsOf: "\(fixtures)/\(from)/\(name)").text(), to: "\(folder)/\(name)")
        }
        return group
    }
}

struct Mistake: Error, CustomStringConvertible {
    let description: String
}
