public import SwiftletDatasets
import SwiftletIO
import SwiftletModels
import SwiftletNN
public import SwiftletTasks
import SwiftletTensor
import SwiftletTokenizers

/// Which tokens of a row mattered for its prediction, by integrated gradients (Sundararajan, Taly and Yan, "Axiomatic
/// Attribution for Deep Networks").
public struct RowExplanation: Sendable {
    /// The row's number in its split.
    public let row: Int
    /// The name of the output that is explained, which is the prediction.
    public let target: String
    /// The model's logit for that output, of the row as it is.
    public let logit: Double
    /// The logit with padding in place of every token but the special ones: the values add up to the difference.
    public let baselineLogit: Double
    /// The row's tokens as the model takes them, special ones included and in the vocabulary's spelling.
    public let tokens: [String]
    /// How much each token adds to the logit.
    public let values: [Double]
}

extension FineTunedModel {
    /// Explains the predictions of rows: along the way from vectors of padding to those of the row's tokens, the gradients of
    /// the predicted class's logit are summed up.
    ///
    /// - Parameters:
    ///   - rows: numbers of rows of `dataset`.
    ///   - steps: points on the way, each a forward and a backward pass of the row.
    /// - Throws: `ReportError` for models that give no class or number for whole texts, and for rows that aren't there.
    public func explain(_ dataset: Dataset, rows: [Int], steps: Int = 32, split: String = "validation") throws
        -> [RowExplanation]
    {
        guard model.task == .sequenceClassification else {
            throw ReportError(
                .option,
                "a model for \(model.task.rawValue) gives no class or number for a whole text, which could be explained",
                remedy: "Leave out {explain|--explain}.", at: ErrorLocation(option: "explain"))
        }
        if let row = rows.first(where: { !(0..<dataset.numRows).contains($0) }) {
            throw ReportError(
                .option, "there is no row \(row); split '\(split)' has \(dataset.numRows) rows",
                at: ErrorLocation(split: split, row: row))
        }
        let prepared = try task.prepare(try dataset.select(rows), split: split, for: .prediction).dataset
        let ids = try prepared.intLists("input_ids", rows: 0..<rows.count)
        let types =
            prepared.columnNames.contains("token_type_ids")
            ? try prepared.intLists("token_type_ids", rows: 0..<rows.count) : nil
        let names = try model.config.labelNames
        return try withTensorErrors {
            try model.state.evaluating {
                try rows.indices.map { place in
                    try explain(row: rows[place], ids[place], types?[place], names: names, steps: max(steps, 1))
                }
            }
        }
    }

    private func explain(
        row: Int, _ ids: [Int32], _ types: [Int32]?, names: [String], steps: Int
    ) throws -> RowExplanation {
        let device = model.state.device
        let special = Set(tokenizer.allSpecialIDs)
        let padding = Int64(tokenizer.padTokenID ?? 0)
        let baseIDs = ids.map { special.contains(Int($0)) ? Int64($0) : padding }
        func vectors(_ ids: [Int64]) -> Tensor {
            noGrad { model.encoder.tokenEmbeddings(Tensor(ids, shape: [1, ids.count]).to(device)).detach() }
        }
        let (start, end) = (vectors(baseIDs), vectors(ids.map(Int64.init)))
        let typeIDs = types.map { Tensor($0.map(Int64.init), shape: [1, ids.count]).to(device) }
        func logits(_ vectors: Tensor) throws -> Tensor {
            let output: any ModelOutput = try model(ModelInputs(inputsEmbeds: vectors, tokenTypeIDs: typeIDs))
            guard let logits = output.predictions.first else { throw ReportError(.option, "the model gives no logits") }
            return logits.to(.float32).reshape([-1])
        }
        let (whole, empty) = try noGrad { (try logits(end).doubles(), try logits(start).doubles()) }
        let target = whole.indices.max { whole[$0] < whole[$1] } ?? 0
        var sum = Tensor.zerosLike(end)
        for step in 0..<steps {
            // The middle of each part of the way, which is nearer to the integral than its ends.
            let share = (Double(step) + 0.5) / Double(steps)
            let point = (start + (end - start) * share).detach()
            point.requiresGrad = true
            let output = try enableGrad { try logits(point).select(0, target) }
            sum = sum + Tensor.gradients(of: output, for: [point])[0]
        }
        let values = (sum / Double(steps) * (end - start)).sum(-1).reshape([-1]).doubles()
        try checkTensorErrors()
        return RowExplanation(
            row: row, target: names.indices.contains(target) ? names[target] : String(target), logit: whole[target],
            baselineLogit: empty[target], tokens: tokenizer.convertIDsToTokens(ids.map(Int.init)), values: values)
    }
}
