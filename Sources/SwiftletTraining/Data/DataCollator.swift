import SwiftletIO
public import SwiftletModels
import SwiftletTensor
public import SwiftletTokenizers

/// Makes one batch of tensors from rows.
public protocol DataCollator {
    /// Whether batches have something to train on also where the rows have no labels.
    var makesLabels: Bool { get }
    /// Whether it draws from libtorch's default generator. Its batches are then made on the thread that trains, whatever
    /// the number of workers, so that its draws and dropout's have one order, which a resumed run has too.
    var drawsRandomNumbers: Bool { get }
    /// Checks what can be known of rows before they are put into batches. Rows pass by default.
    ///
    /// - Throws: an error that names the first row that would be refused in any batch.
    func check(_ examples: [TokenizedExample]) throws
    /// Makes one batch.
    func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs
}

extension DataCollator {
    public var makesLabels: Bool { false }
    public var drawsRandomNumbers: Bool { false }
    public func check(_ examples: [TokenizedExample]) throws {}
}

/// Runs a check of one row for each, and names the row in its error.
func checkRows(
    _ examples: [TokenizedExample], _ check: (TokenizedExample) throws(TrainingError) -> Void
) throws(TrainingError) {
    for (row, example) in examples.enumerated() {
        do { try check(example) } catch { throw error.inRow(row) }
    }
}

/// Pads each batch to its longest row, or to a length, as `transformers.DataCollatorWithPadding` does.
public struct DataCollatorWithPadding: DataCollator {
    /// The token that rows are filled up with.
    public let padTokenID: Int32
    /// The segment that is given to padding.
    public let padTokenTypeID: Int32
    /// Rounds the length up to a multiple of this.
    public let padToMultipleOf: Int?
    let plan: PaddingPlan

    /// - Parameters:
    ///   - padding: `.longest` (or `true`): to the longest row of each batch; `.maxLength`: to `maxLength`; `.none` (or
    ///     `false`): not at all, so that the rows of a batch must have one length.
    ///   - maxLength: in tokens, for `.maxLength`; where it is `nil`, the longest sequence that the model takes.
    ///   - padToMultipleOf: rounds the length up to a multiple of this.
    /// - Throws: `TrainingError` if the tokenizer has no padding token, and for lengths that make no sense.
    public init(
        tokenizer: Tokenizer, padding: Tokenizer.Padding = .longest, maxLength: Int? = nil, padToMultipleOf: Int? = nil
    ) throws {
        plan = try PaddingPlan(tokenizer, padding, maxLength: maxLength, multipleOf: padToMultipleOf)
        guard let id = tokenizer.padTokenID else {
            throw TrainingError(
                "the tokenizer has no padding token", remedy: "Set pad_token in tokenizer_config.json.",
                kind: .invalidArgument, at: ErrorLocation(option: "pad_token"))
        }
        padTokenID = Int32(id)
        padTokenTypeID = Int32(tokenizer.padTokenTypeID)
        self.padToMultipleOf = padToMultipleOf
    }

    /// Pads the rows to the longest and turns labels into a tensor.
    ///
    /// - Returns: `[batch, sequence]` int64 tensors of ids, mask and, if the rows have them, segments; `labels`
    ///   `[batch]`, int64 for classes and float32 for numbers.
    /// - Throws: `TrainingError` for rows whose columns or labels don't fit each other.
    public func callAsFunction(_ examples: [TokenizedExample]) throws -> ModelInputs {
        var inputs = try pad(examples).inputs
        try Self.setLabels(&inputs, examples)
        return inputs
    }

    /// Checks that each row is one sequence, with a mask and segments as long as its ids, and not longer than what rows
    /// are padded to.
    ///
    /// - Throws: `TrainingError` that names the row.
    public func check(_ examples: [TokenizedExample]) throws { try checkRows(examples, checkLength) }

    func checkLength(_ example: TokenizedExample) throws(TrainingError) {
        try Self.checkRow(example)
        try plan.check(length: example.inputIDs.count)
    }

    static func checkRow(_ example: TokenizedExample) throws(TrainingError) {
        guard example.choices.isEmpty else {
            throw TrainingError(
                "the row holds several choices", remedy: "Use DataCollatorForMultipleChoice.", kind: .invalidData,
                at: ErrorLocation(column: "input_ids"))
        }
        for (name, values) in [
            ("attention_mask", example.attentionMask), ("token_type_ids", example.tokenTypeIDs),
            ("special_tokens_mask", example.specialTokensMask),
        ] {
            guard let values, values.count != example.inputIDs.count else { continue }
            throw TrainingError(
                "\(name) has \(values.count) values for \(example.inputIDs.count) input_ids",
                remedy: "Keep the columns as the tokenizer gives them.", kind: .invalidData,
                at: ErrorLocation(column: name))
        }
    }

    /// The rows without their labels, and the padding that other lists of the same rows need.
    func pad(_ examples: [TokenizedExample]) throws -> (inputs: ModelInputs, padding: RowPadding) {
        for example in examples { try Self.checkRow(example) }
        let padding = RowPadding(
            length: try plan.length(of: examples.map(\.inputIDs.count)), padsLeft: plan.padsLeft)
        let masks = examples.map { $0.attentionMask ?? [Int32](repeating: 1, count: $0.inputIDs.count) }
        let types = examples.compactMap(\.tokenTypeIDs)
        let inputs = ModelInputs(
            inputIDs: padding.tensor(examples.map(\.inputIDs), filler: Int(padTokenID)),
            attentionMask: padding.tensor(masks, filler: 0),
            tokenTypeIDs: types.count == examples.count ? padding.tensor(types, filler: Int(padTokenTypeID)) : nil)
        return (inputs, padding)
    }

    /// Classes become int64 `[batch]`; numbers float32 `[batch]`; several labels float32 `[batch, labels]`; the answers
    /// of questions, int64 `[batch]` each.
    static func setLabels(_ inputs: inout ModelInputs, _ examples: [TokenizedExample]) throws {
        let labels = examples.compactMap(\.label)
        guard labels.count == examples.count, let first = labels.first else { return }
        switch first {
        case .id:
            inputs.labels = Tensor(
                try labels.map { label -> Int64 in
                    guard case .id(let id) = label else { throw mixed }
                    return Int64(id)
                }, shape: [labels.count])
        case .value:
            inputs.labels = Tensor(
                try labels.map { label -> Float in
                    guard case .value(let value) = label else { throw mixed }
                    return Float(value)
                }, shape: [labels.count])
        case .values, .ids:
            let width = first.numbers.count
            let rows = try labels.map { label -> [Float] in
                switch label {
                case .values, .ids: if label.numbers.count == width { return label.numbers.map(Float.init) }
                default: break
                }
                throw mixed
            }
            inputs.labels = Tensor(rows.flatMap(\.self), shape: [labels.count, width])
        case .span:
            let spans = try labels.map { label -> (start: Int, end: Int) in
                guard case .span(let start, let end) = label else { throw mixed }
                return (start, end)
            }
            inputs.startPositions = Tensor(spans.map(\.start), shape: [spans.count])
            inputs.endPositions = Tensor(spans.map(\.end), shape: [spans.count])
        }
    }

    private static var mixed: TrainingError {
        TrainingError(
            "the labels of one batch have different types or lengths",
            remedy: "Give every row a label of one kind: a class, a number, or as many numbers.", kind: .invalidData,
            at: ErrorLocation(column: "labels"))
    }
}
