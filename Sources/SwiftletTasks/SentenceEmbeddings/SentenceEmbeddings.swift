public import SwiftletDatasets
public import SwiftletMetrics
public import SwiftletTensor
public import SwiftletTokenizers
public import SwiftletTraining

// Sentences as vectors whose angles say how alike their meanings are.
// Reimers and Gurevych, "Sentence-BERT", 2019; the loss is Henderson et al., "Efficient Natural Language Response
// Suggestion for Smart Reply", 2017, section 4.4.

/// What is done with the states of tokens and with the vectors they make.
public enum SentenceEmbeddings {
    /// Rows of length 1.
    public static func normalized(_ vectors: Tensor) -> Tensor {
        vectors / (vectors * vectors).sum(-1, keepDim: true).sqrt().clamp(min: 1e-12)
    }

    /// The cosine of each row of `a` `[m, hidden]` with each row of `b` `[n, hidden]`, giving `[m, n]`.
    public static func cosines(_ a: Tensor, _ b: Tensor) -> Tensor {
        normalized(a).matmul(normalized(b).transpose(0, 1))
    }

    /// Each sentence is to be nearest to its own partner among the partners of the whole batch; as
    /// `sentence_transformers`' MultipleNegativesRankingLoss.
    ///
    /// - Parameters:
    ///   - sentences: `[batch, hidden]`
    ///   - partners: `[batch, hidden]`, in the same order
    ///   - scale: of the cosines before the softmax
    public static func contrastiveLoss(_ sentences: Tensor, _ partners: Tensor, scale: Double = 20) -> Tensor {
        let scores = cosines(sentences, partners) * scale
        return F.crossEntropy(scores, Tensor.arange(scores.shape[0]).to(scores.device))
    }

    /// How well partners are found among all partners of a set: `accuracy_at_1`, the share of sentences whose nearest
    /// partner is their own, and `mrr`, the mean of one over its rank.
    ///
    /// - Parameter pairs: `[rows, 2, hidden]`
    /// - Throws: `TrainingError` for vectors of another shape.
    public static func retrieval(_ pairs: NumberArray) throws -> MetricValues {
        guard pairs.shape.count == 3, pairs.shape[1] == 2, pairs.shape[0] > 0 else {
            throw TrainingError(
                "pairs of sentence vectors have the shape [rows, 2, hidden], not \(pairs.shape)",
                remedy: "Stack the vectors of both sentences of each row.", kind: .invalidArgument)
        }
        let vectors = Tensor(pairs.values, shape: pairs.shape)
        let (count, scores) = (pairs.shape[0], cosines(vectors.select(1, 0), vectors.select(1, 1)).floats())
        var (hits, reciprocals) = (0, 0.0)
        for row in 0..<count {
            let own = scores[row * count + row]
            // A partner that scores the same counts as nearer: vectors that are all alike must not look perfect.
            let rank = 1 + (0..<count).count { $0 != row && scores[row * count + $0] >= own }
            if rank == 1 { hits += 1 }
            reciprocals += 1 / Double(rank)
        }
        return ["accuracy_at_1": Double(hits) / Double(count), "mrr": reciprocals / Double(count)]
    }
}

extension Tokenizer {
    /// Encodes pairs of sentences, each for itself: the columns of a dataset whose rows have two sequences, for
    /// `DataCollatorForMultipleChoice` and a `SentenceEmbeddingModel`.
    public func encodeSeparately(
        _ first: [String], _ second: [String], truncation: Truncation = true, maxLength: Int? = nil
    ) throws -> Columns {
        guard first.count == second.count else {
            throw TrainingError(
                "there are \(first.count) first sentences and \(second.count) second ones",
                remedy: "Give one second sentence for each first one.", kind: .invalidArgument)
        }
        let sides = try [first, second].map { Columns(try self($0, truncation: truncation, maxLength: maxLength)) }
        return Columns(
            sides[0].map { name, data in
                guard case .intLists(let left) = data, case .intLists(let right)? = sides[1][name] else {
                    return (name, data)
                }
                func list(_ ids: [Int32]) -> Value { .list(ids.map { .int(Int($0)) }) }
                return (name, .values(zip(left, right).map { .list([list($0), list($1)]) }))
            })
    }
}
