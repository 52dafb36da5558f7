import SwiftletDatasets
import SwiftletIO
import SwiftletMetrics
import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTokenizers
import SwiftletTasks
import SwiftletTraining
import Testing
import TinyTraining

/// Labels of tokens, features of questions, searched answers and choices against Python's.
@Suite struct TaskPreprocessingTests {
    private static let tags = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]

    @Test(arguments: SubtokenLabels.allCases)
    func `tokens get the labels of their words`(subtokens: SubtokenLabels) throws {
        let fixture = try TaskFixture("token_classification")
        let words = try fixture.value("words").list().map { try $0.strings() }
        let columns = try fixture.tokenizer.alignLabels(
            words: words, labels: try fixture.intLists("tags"), labelNames: Self.tags, subtokens: subtokens,
            maxLength: try fixture.int("max_length"))
        #expect(try columns.intLists("input_ids") == (try fixture.intLists("input_ids")))
        #expect(try columns.intLists("labels") == (try fixture.intLists(subtokens.rawValue)))
    }

    @Test func `labels come from a dataset's columns`() throws {
        let raw = try loadDataset(folder: "\(Locations.root)/Examples/data/entities").split("validation")
        let tokenizer = try TaskFixture("token_classification").tokenizer
        let tokenized = try raw.map(batched: true) {
            try tokenizer.alignLabels($0, words: "tokens", labels: "ner_tags")
        }
        let row = try #require(TokenizedExamples(tokenized).rows.first)
        guard case .ids(let ids) = row.label else { throw TrainingError("no labels of tokens") }
        let tags = try raw.intLists("ner_tags", rows: [0])[0].map(Int.init)
        #expect(ids.count == row.inputIDs.count && ids.filter { $0 != -100 } == tags)
    }

    @Test func `sentences with a missing label are named`() throws {
        let tokenizer = try TaskFixture("token_classification").tokenizer
        let error = try #require(throws: TrainingError.self) {
            try tokenizer.alignLabels(words: [["a"], ["b", "c"]], labels: [[0], [1]])
        }
        #expect(error.message == "sentence 1 has 2 words and 1 labels")
    }

    private func questions(_ fixture: TaskFixture) throws -> QuestionRows {
        try QuestionRows(
            questions: try fixture.texts("question"), contexts: try fixture.texts("context"),
            answers: try fixture.value("answers").list().map { answer in
                try zip(answer["text"]?.strings() ?? [], answer["answer_start"]?.ints() ?? []).map {
                    Answer(text: $0, start: $1)
                }
            }, ids: try fixture.texts("id"))
    }

    private func features(_ fixture: TaskFixture) throws -> QuestionFeatures {
        try fixture.tokenizer.questionFeatures(
            try questions(fixture), maxLength: try fixture.int("max_length"), stride: try fixture.int("stride"))
    }

    @Test func `long contexts become overlapping features with the answer's tokens`() throws {
        let fixture = try TaskFixture("question_answering")
        let features = try features(fixture)
        #expect(try features.columns.intLists("input_ids") == (try fixture.intLists("input_ids")))
        #expect(try features.columns.intLists("token_type_ids") == (try fixture.intLists("token_type_ids")))
        #expect(features.questions == (try fixture.value("samples").ints()))
        #expect(try features.columns.ints("start_positions") == (try fixture.value("starts").ints()))
        #expect(try features.columns.ints("end_positions") == (try fixture.value("ends").ints()))
        let offsets = try fixture.value("offsets").list().map { row in
            try row.list().map { place in place.isNull ? nil : try place.ints() }
        }
        #expect(features.offsets.map { $0.map { $0.map { [$0.lowerBound, $0.upperBound] } } } == offsets)
        // In a dataset, the answer is the label.
        let rows = try TokenizedExamples(try features.dataset).rows
        #expect(
            rows[0].label
                == .span(start: try fixture.value("starts").ints()[0], end: try fixture.value("ends").ints()[0]))
    }

    @Test(arguments: 0..<4) func `answers are found and scored as in Python`(number: Int) throws {
        let fixture = try TaskFixture("question_answering")
        let (rows, features) = (try questions(fixture), try features(fixture))
        let expected = try fixture.value("searches").list()[number]
        func logits(_ key: String) throws -> NumberArray {
            let lists = try fixture.value(key).list().map { try $0.doubles() }
            return NumberArray(lists.flatMap { $0.map(Float.init) }, shape: [lists.count, lists[0].count])
        }
        let allowsNone = expected["allows_no_answer"]?.bool ?? false
        let search = AnswerSearch(
            nBest: try #require(expected["n_best"]?.int),
            maxAnswerLength: try #require(expected["max_answer_length"]?.int),
            allowsNoAnswer: allowsNone, nullScoreThreshold: Float(try #require(expected["threshold"]?.double)))
        let found = try search(rows, features, starts: try logits("start_logits"), ends: try logits("end_logits"))
        #expect(found.map(\.id) == rows.ids)
        #expect(found.map(\.text) == (try expected["answers"]?.strings()))
        for (answer, theirs) in zip(found, try #require(try expected["candidates"]?.list())) {
            for (candidate, other) in zip(answer.candidates, try theirs.list()) {
                let other = try other.list()
                #expect(candidate.text == other[0].string)
                #expect(
                    difference(
                        [candidate.startLogit, candidate.endLogit, candidate.probability].map(Double.init),
                        other.dropFirst().compactMap(\.double), absolute: 2e-6) == nil)
            }
        }
        guard allowsNone else { return }
        #expect(
            difference(
                found.map { Double($0.nullScoreDifference ?? .nan) },
                try #require(try expected["null_differences"]?.doubles()),
                absolute: 1e-4) == nil)
        let scores = try answerScores(found, rows, allowsNoAnswer: true)
        for (key, value) in try #require(expected["scores"]?.object) {
            #expect(difference([scores[key] ?? .nan], [value.double ?? 0], absolute: 1e-9) == nil, "\(key)")
        }
    }

    @Test func `logits of other features are refused`() throws {
        let fixture = try TaskFixture("question_answering")
        let wrong = NumberArray([1, 2], shape: [1, 2])
        #expect(throws: TrainingError.self) {
            try AnswerSearch()(try questions(fixture), try features(fixture), starts: wrong, ends: wrong)
        }
    }

    @Test func `questions are read from a dataset, and broken answers are named`() throws {
        let raw = try loadDataset(folder: "\(Locations.root)/Examples/data/questions").split("validation")
        let rows = try QuestionRows(raw)
        #expect(rows.ids[0] == "validation-0" && rows.count == 150 && !rows.hasUnanswerable)
        for (context, answers) in zip(rows.contexts, try #require(rows.answers)) {
            let scalars = Array(context.unicodeScalars)[answers[0].start...].prefix(
                answers[0].text.unicodeScalars.count)
            #expect(Array(scalars) == Array(answers[0].text.unicodeScalars))
        }
        let broken = try Dataset.fromColumns([
            ("question", .strings(["a"])), ("context", .strings(["b"])), ("answers", .strings(["c"])),
        ])
        let error = try #require(throws: TrainingError.self) { try QuestionRows(broken) }
        #expect(error.message.contains("row 0 of column 'answers'"))
    }

    @Test func `choices become rows of several sequences`() throws {
        let fixture = try TaskFixture("multiple_choice")
        let rows = try fixture.value("rows").list()
        func texts(_ key: String) throws -> [String] { try rows.map { try #require($0[key]?.string) } }
        let names = ["sent1", "sent2", "ending0", "ending1", "ending2", "ending3"]
        var columns = try names.map { ($0, ColumnData.strings(try texts($0))) }
        columns.append(("label", .ints(try rows.map { try #require($0["label"]?.int) })))
        let tokenized = try Dataset.fromColumns(columns).map(batched: true) { batch -> Columns in
            try fixture.tokenizer.encodeChoices(
                batch, endings: Array(names.suffix(4)), maxLength: try fixture.int("max_length"))
        }
        let inputs = try DataCollatorForMultipleChoice(tokenizer: fixture.tokenizer)(TokenizedExamples(tokenized).rows)
        let batch = try fixture.value("batch")
        #expect(try agrees(inputs.inputIDs, batch["input_ids"]))
        #expect(try agrees(inputs.attentionMask, batch["attention_mask"]))
        #expect(try agrees(inputs.tokenTypeIDs, batch["token_type_ids"]))
        #expect(try agrees(inputs.labels, batch["labels"]))
    }
}
