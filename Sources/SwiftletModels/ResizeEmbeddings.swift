import SwiftletIO
public import SwiftletNN
import SwiftletTensor

/// The parameters of a head that have a row for each entry of the vocabulary.
public struct VocabularyOutput {
    /// `[vocabulary, width]`; the embedding table itself where they are tied.
    public let weight: Parameter
    /// `[vocabulary]`, if there is one.
    public let bias: Parameter?
    /// A second bias `[vocabulary]` that the file holds and nothing reads.
    public let unusedBias: Parameter?

    /// - Parameters:
    ///   - weight: `[vocabulary, width]`.
    ///   - bias: `[vocabulary]`, if there is one.
    ///   - unusedBias: a second bias that files hold and nothing reads.
    public init(weight: Parameter, bias: Parameter?, unusedBias: Parameter? = nil) {
        self.weight = weight
        self.bias = bias
        self.unusedBias = unusedBias
    }
}

extension PretrainedModel {
    /// Changes the number of token embeddings, as Python's `resize_token_embeddings`: after tokens were added to the
    /// tokenizer, `try model.resizeTokenEmbeddings(to: tokenizer.count)` gives them vectors that can be trained. The
    /// output of a masked language model, tied or not, is resized too, and `vocab_size` in the configuration.
    ///
    /// Resize before an optimizer is made: one that holds the table keeps numbers of the old size for it.
    ///
    /// - Parameters:
    ///   - count: of tokens; more add rows at the end, fewer cut rows off. `nil` is as many as there are.
    ///   - multiple: the number of rows is rounded up to a multiple of this
    ///   - meanResizing: new rows are drawn closely around the mean of the old ones, from a normal distribution with 1e-9 of
    ///     their covariance (Hewitt, "Initializing New Word Embeddings for Pretrained Language Models", 2021). Else from one
    ///     with mean 0 and the deviation `initializer_range`.
    /// - Returns: the number of rows that there are then.
    /// - Throws: `ModelError` for a number that is none of rows, and where there is no memory for them.
    @discardableResult
    public func resizeTokenEmbeddings(
        to count: Int? = nil, padToMultipleOf multiple: Int? = nil, meanResizing: Bool = true
    ) throws -> Int {
        let table = encoder.tokenEmbeddings.weight
        guard table.isInitialized else {
            throw ModelError(
                "the model has no values yet", remedy: "Load a checkpoint, or call state.initializeMissing().",
                kind: .weights)
        }
        let rows = try Self.rows(count ?? table.shape[0], multiple: multiple)
        let needed = rows.multipliedReportingOverflow(by: table.shape[1] * state.store.dtype.byteCount)
        if let limit = MachineMemory.byteCount, needed.overflow || needed.partialValue > limit {
            throw ModelError(
                "\(rows) token embeddings of width \(table.shape[1]) need \(needed.overflow ? "more than 2^63" : "\(needed.partialValue)") bytes, and there are \(limit)",
                remedy: "Give fewer.", kind: .memory, at: ErrorLocation(option: "new_num_tokens"))
        }
        guard rows != table.shape[0] else { return rows }
        let deviation = try config.initializerRange
        let resizing = RowResizing(
            rows: rows, usesMean: meanResizing, deviation: deviation, store: state.store)
        resizing.resizeEmbeddings(table)
        if let output = (self as? MaskedLM)?.head.vocabulary {
            if output.weight !== table {
                resizing.resizeOutput(output)
            } else if let bias = output.bias {
                resizing.pad(bias)
            }
            if let bias = output.unusedBias { resizing.pad(bias) }
        }
        config.json["vocab_size"] = .int(rows)
        return rows
    }

    private static func rows(_ count: Int, multiple: Int?) throws -> Int {
        let range = 1...ModelConfig.Limit.rows
        guard range.contains(count) else {
            throw ModelError(
                "a table of \(count) token embeddings", remedy: "Give a number from 1 to \(range.upperBound).",
                kind: .configuration, at: ErrorLocation(option: "new_num_tokens"))
        }
        guard let multiple else { return count }
        guard range.contains(multiple) else {
            throw ModelError(
                "padToMultipleOf is \(multiple)", remedy: "Give a number from 1 to \(range.upperBound), such as 64.",
                kind: .configuration, at: ErrorLocation(option: "pad_to_multiple_of"))
        }
        let rows = (count + multiple - 1) / multiple * multiple
        guard range.contains(rows) else {
            throw ModelError(
                "\(count) token embeddings rounded up to a multiple of \(multiple) are too many",
                remedy: "Give fewer, or a smaller multiple.", kind: .configuration,
                at: ErrorLocation(option: "pad_to_multiple_of"))
        }
        return rows
    }
}

/// Gives parameters another number of rows, with the draws that Python makes, in its order.
private struct RowResizing {
    let rows: Int
    let usesMean: Bool
    /// `initializer_range`
    let deviation: Double
    let store: ParameterStore

    func resizeEmbeddings(_ table: Parameter) {
        noGrad {
            let values = fresh(table)
            values.normal_(mean: 0, std: 1)
            finish(table, values)
        }
    }

    /// The weight and bias of a projection to the vocabulary that is not the table.
    func resizeOutput(_ output: VocabularyOutput) {
        noGrad {
            let values = fresh(output.weight)
            // What a new linear layer draws, and nothing of it stays.
            let bound = 1 / Double(output.weight.shape[1]).squareRoot()
            values.uniform_(from: -bound, to: bound)
            let bias = output.bias.map(fresh)
            bias?.uniform_(from: -bound, to: bound)
            let count = output.weight.shape[0]
            finish(output.weight, values)
            guard let parameter = output.bias, let bias else { return }
            let old = parameter.tensor.detach().to(.cpu)
            if rows > count, usesMean {
                let numbers = old.floats().map(Double.init)
                let mean = numbers.reduce(0, +) / Double(numbers.count)
                let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(numbers.count - 1, 1))
                bias.narrow(0, count, rows - count).normal_(mean: mean, std: 1e-9 * variance.squareRoot())
            } else {
                bias.fill_(0)
            }
            keepOld(old, in: bias)
            store.resize(parameter, to: bias)
        }
    }

    /// Zeros after the old values, or fewer of these.
    func pad(_ bias: Parameter) {
        noGrad {
            let values = Tensor.zeros([rows], dtype: store.dtype)
            keepOld(bias.tensor.detach().to(.cpu), in: values)
            store.resize(bias, to: values)
        }
    }

    private func fresh(_ parameter: Parameter) -> Tensor {
        Tensor.empty([rows] + parameter.shape.dropFirst(), dtype: store.dtype)
    }

    private func finish(_ parameter: Parameter, _ values: Tensor) {
        let old = parameter.tensor.detach().to(.cpu)
        let count = old.shape[0]
        if rows > count {
            if usesMean {
                values.narrow(0, count, rows - count).copy_(Self.nearMean(of: old, count: rows - count).to(store.dtype))
            } else {
                values.normal_(mean: 0, std: deviation)
            }
        }
        keepOld(old, in: values)
        store.resize(parameter, to: values)
    }

    private func keepOld(_ old: Tensor, in values: Tensor) {
        let count = min(old.shape[0], rows)
        values.narrow(0, 0, count).copy_(old.narrow(0, 0, count))
    }

    /// Rows from the normal distribution with the mean of `table` `[n, width]` and 1e-9 of its covariance; the mean itself
    /// where that is no covariance of a distribution.
    private static func nearMean(of table: Tensor, count: Int) -> Tensor {
        let precise = table.to(.float32)
        let mean = precise.mean(0)
        let centered = precise - mean
        let covariance = centered.transpose(0, 1).matmul(centered) / Double(precise.shape[0]) * 1e-9
        let width = mean.count
        guard let root = choleskyRoot(covariance.floats(), width) else {
            return mean.unsqueeze(0).expand([count, width])
        }
        let draws = Tensor.zeros([count, width])
        draws.normal_(mean: 0, std: 1)
        return mean + draws.matmul(Tensor(root, shape: [width, width]).transpose(0, 1))
    }

    /// The lower triangle L with L · Lᵀ = matrix; `nil` where it is not positive definite.
    private static func choleskyRoot(_ matrix: [Float], _ width: Int) -> [Float]? {
        var root = [Float](repeating: 0, count: width * width)
        for row in 0..<width {
            for column in 0...row {
                var sum = matrix[row * width + column]
                for index in 0..<column { sum -= root[row * width + index] * root[column * width + index] }
                if row == column {
                    guard sum > 0 else { return nil }
                    root[row * width + row] = sum.squareRoot()
                } else {
                    root[row * width + column] = sum / root[column * width + column]
                }
            }
        }
        return root
    }
}
