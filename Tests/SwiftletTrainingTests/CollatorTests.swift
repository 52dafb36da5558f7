import SwiftletIO
import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTraining
import Testing

/// Collators held to those of transformers; see Tools/reference/collators.py.
@Suite(.oneAtATime) struct CollatorTests {
    static let document = Result { try JSONValue(contentsOf: Locations.fixture("trainer/collators.json")) }

    static func tokenizer(_ side: String, maxLength: Int?) throws -> Tokenizer {
        let folder = try TemporaryDirectory()
        let source = Locations.fixture("tokenizers/bert-tiny")
        try AtomicFile.write(try MappedFile.text("\(source)/tokenizer.json"), to: folder.file("tokenizer.json"))
        var config = try #require(try JSONValue(contentsOf: "\(source)/tokenizer_config.json").object)
        config["padding_side"] = .string(side)
        config["model_max_length"] = maxLength.map { .int($0) }
        try AtomicFile.write(JSONValue.object(config).text(), to: folder.file("tokenizer_config.json"))
        return try AutoTokenizer.fromPretrained(folder: folder.path)
    }

    private func ints(_ value: JSONValue?) -> [Int]? { value?.array?.compactMap(\.int) }

    private func example(_ row: JSONValue) -> TokenizedExample {
        if let choices = row["input_ids"]?.array, choices.first?.array != nil {
            var example = TokenizedExample(inputIDs: [], label: row["label"]?.int.map(Label.id))
            example.choices = choices.indices.map { choice in
                TokenizedExample(
                    inputIDs: (ints(choices[choice]) ?? []).map(Int32.init),
                    tokenTypeIDs: ints(row["token_type_ids"]?.array?[choice])?.map(Int32.init))
            }
            return example
        }
        var label: Label?
        if let ids = ints(row["labels"]) { label = .ids(ids) }
        switch row["label"] {
        case .int(let id)?: label = .id(id)
        case .double(let number)?: label = .value(number)
        default: break
        }
        return TokenizedExample(
            inputIDs: (ints(row["input_ids"]) ?? []).map(Int32.init),
            tokenTypeIDs: ints(row["token_type_ids"])?.map(Int32.init), label: label)
    }

    private func flat(_ value: JSONValue) -> [Double] {
        if let items = value.array { return items.flatMap(flat) }
        return [value.double ?? .nan]
    }

    private func shape(_ value: JSONValue) -> [Int] {
        guard let items = value.array else { return [] }
        return [items.count] + (items.first.map(shape) ?? [])
    }

    private func expect(_ tensor: Tensor?, _ wanted: JSONValue?, _ name: Comment) {
        guard let tensor, let wanted else {
            #expect(tensor == nil && wanted == nil, name)
            return
        }
        #expect(tensor.shape == shape(wanted), name)
        #expect(tensor.to(.float64).doubles() == flat(wanted), name)
    }

    private func collator(_ sample: JSONValue, _ tokenizer: Tokenizer) throws -> any DataCollator {
        let options = sample["options"]
        let padding: Tokenizer.Padding =
            switch options?["padding"]?.string {
            case "max_length": .maxLength
            case "do_not_pad": .none
            default: .longest
            }
        let (maxLength, multiple) = (options?["max_length"]?.int, options?["pad_to_multiple_of"]?.int)
        let filler = options?["label_pad_token_id"]?.int ?? -100
        switch sample["kind"]?.string {
        case "padding":
            return try DataCollatorWithPadding(
                tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: multiple)
        case "tokens":
            return try DataCollatorForTokenClassification(
                tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: multiple,
                labelPadTokenID: filler)
        case "seq2seq":
            return try DataCollatorForSeq2Seq(
                tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: multiple,
                labelPadTokenID: filler)
        case "choices":
            return try DataCollatorForMultipleChoice(
                tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: multiple)
        case "mlm off":
            return try DataCollatorForLanguageModeling(tokenizer: tokenizer, mlm: false, padToMultipleOf: multiple)
        default: return DefaultDataCollator()
        }
    }

    @Test func `batches are those of Python`() throws {
        let document = try Self.document.get()
        let maxLength = document["model_max_length"]?.int
        let tokenizers = [
            "right": try Self.tokenizer("right", maxLength: maxLength),
            "left": try Self.tokenizer("left", maxLength: maxLength),
        ]
        let cases = try #require(document["cases"]?.array)
        #expect(cases.count == 211)
        for (number, sample) in cases.enumerated() {
            let name: Comment =
                "case \(number): \(sample["kind"]?.string ?? "") \(sample["side"]?.string ?? "") \(sample["options"]?.text() ?? "")"
            let tokenizer = try #require(tokenizers[sample["side"]?.string ?? ""])
            let rows = (sample["rows"]?.array ?? []).map(example)
            let collator = try collator(sample, tokenizer)
            guard let batch = sample["batch"], !batch.isNull else {
                let error = #expect(throws: TrainingError.self, name) { try collator(rows) }
                #expect(error?.kind == .invalidData && error?.remedy != nil, name)
                continue
            }
            try collator.check(rows)
            let inputs = try collator(rows)
            expect(inputs.inputIDs, batch["input_ids"], name)
            expect(inputs.attentionMask, batch["attention_mask"], name)
            expect(inputs.tokenTypeIDs, batch["token_type_ids"], name)
            expect(inputs.labels, batch["labels"], name)
        }
    }

    @Test func `the same seed gives the same permutations`() throws {
        let document = try #require(try Self.document.get()["permutations"])
        let rows = (document["rows"]?.array ?? []).map { TokenizedExample(inputIDs: (ints($0) ?? []).map(Int32.init)) }
        let counts = try #require(ints(document["counts"]))
        let tokenizers = [
            "right": try Self.tokenizer("right", maxLength: 12), "left": try Self.tokenizer("left", maxLength: 12),
        ]
        let drawn = try #require(document["drawn"]?.array)
        #expect(drawn.count == 24)
        for sample in drawn {
            let seed = UInt64(try #require(sample["seed"]?.int))
            let name: Comment = "\(seed), \(sample["plm_probability"]?.double ?? 0), \(sample["side"]?.string ?? "")"
            func collator(seed: UInt64?) throws -> DataCollatorForPermutationLanguageModeling {
                try DataCollatorForPermutationLanguageModeling(
                    tokenizer: try #require(tokenizers[sample["side"]?.string ?? ""]),
                    plmProbability: try #require(sample["plm_probability"]?.double),
                    maxSpanLength: try #require(sample["max_span_length"]?.int), seed: seed)
            }
            // Of the default generator, as in Python, and of one of its own.
            manualSeed(seed)
            let (shared, own) = (try collator(seed: nil), try collator(seed: seed))
            for (count, expected) in zip(counts, try #require(sample["batches"]?.array)) {
                let batch = try shared(Array(rows.prefix(count)))
                let length = batch.inputIDs.shape[1]
                expect(batch.inputIDs, expected["input_ids"], name)
                expect(batch.labels, expected["labels"], name)
                let masks = (expected["perm_mask"]?.array ?? []).compactMap(\.string).joined().map {
                    $0 == "1" ? Float(1) : 0
                }
                #expect(batch.permMask.shape == [count, length, length] && batch.permMask.floats() == masks, name)
                let identity = (0..<count * length * length).map {
                    Float($0 % (length * length) % (length + 1) == 0 ? 1 : 0)
                }
                #expect(
                    batch.targetMapping.shape == [count, length, length] && batch.targetMapping.floats() == identity,
                    name)
                let again = try own(Array(rows.prefix(count)))
                #expect(again.labels.ints() == batch.labels.ints() && again.permMask.floats() == masks, name)
            }
        }
    }

    @Test func `lengths that make no sense are refused when the collator is made`() throws {
        let tokenizer = try Self.tokenizer("right", maxLength: nil)
        for (padding, maxLength, multiple) in [
            (.longest, 8, nil), (.none, 8, nil), (.maxLength, nil, nil), (.maxLength, 0, nil), (.maxLength, .max, nil),
            (.longest, nil, 0), (.longest, nil, -8), (.maxLength, 8, .max),
        ] as [(Tokenizer.Padding, Int?, Int?)] {
            let error = try #require(throws: TrainingError.self) {
                try DataCollatorWithPadding(
                    tokenizer: tokenizer, padding: padding, maxLength: maxLength, padToMultipleOf: multiple)
            }
            #expect(error.remedy != nil && error.kind == .invalidArgument)
        }
        #expect(throws: TrainingError.self) {
            try DataCollatorForLanguageModeling(tokenizer: tokenizer, mlm: false, wholeWordMask: true)
        }
        for probability in [0, -1, 1.5, .nan] {
            #expect(throws: TrainingError.self) {
                try DataCollatorForPermutationLanguageModeling(tokenizer: tokenizer, plmProbability: probability)
            }
        }
        #expect(throws: TrainingError.self) {
            try DataCollatorForPermutationLanguageModeling(tokenizer: tokenizer, maxSpanLength: 0)
        }
    }

    @Test func `rows that don't fit are named`() throws {
        let tokenizer = try Self.tokenizer("right", maxLength: nil)
        let rows = [[2, 9, 3], [2, 9, 9, 9, 9, 3]].map { TokenizedExample(inputIDs: $0) }
        let collator = try DataCollatorWithPadding(tokenizer: tokenizer, padding: .maxLength, maxLength: 5)
        let error = try #require(throws: TrainingError.self) { try collator.check(rows) }
        #expect(
            error.location.row == 1 && error.message.contains("6 tokens")
                && error.remedy?.contains("maxLength: 5") == true)
        // Rounded up there is room.
        try DataCollatorWithPadding(tokenizer: tokenizer, padding: .maxLength, maxLength: 5, padToMultipleOf: 4).check(
            rows)
        let written = try DataCollatorForSeq2Seq(tokenizer: tokenizer)
        #expect(throws: TrainingError.self) { try written.check([TokenizedExample(inputIDs: [1], label: .id(1))]) }
        let narrow = try DataCollatorForSeq2Seq(tokenizer: tokenizer, padding: .maxLength, maxLength: 2)
        #expect(throws: TrainingError.self) { try narrow([TokenizedExample(inputIDs: [1], label: .ids([1, 2, 3]))]) }
        let permuting = try DataCollatorForPermutationLanguageModeling(tokenizer: tokenizer)
        #expect(throws: TrainingError.self) { try permuting([TokenizedExample(inputIDs: [2, 9, 3])]) }
        #expect(throws: TrainingError.self) { try permuting([]) }
        #expect(throws: TrainingError.self) { try DefaultDataCollator()([]) }
    }
}
