import SwiftletNN
import SwiftletTensor

extension ModelState {
    /// What goes from layer to layer of so many tokens stays in a processor's cache, and a product of them still keeps
    /// its units busy.
    private static let tokensAtOnce = 1024

    /// The last states of packed inputs. A large batch runs in parts of whole sequences where nothing is kept for a
    /// backward pass: what is computed is the same, in less time and memory.
    func inParts(_ inputs: ModelInputs, _ lastStates: (ModelInputs) -> Tensor) -> Tensor {
        guard !execution.isTraining, !isGradEnabled else { return lastStates(inputs) }
        let parts = inputs.parts(ofAbout: Self.tokensAtOnce)
        return parts.count == 1 ? lastStates(inputs) : Tensor.cat(parts.map(lastStates), 0)
    }
}

extension ModelInputs {
    /// Packed inputs as several of like size with whole sequences each. What only heads read is left out.
    func parts(ofAbout tokens: Int) -> [ModelInputs] {
        guard let cumulativeLengths, let total = cumulativeLengths.last, total > tokens, cumulativeLengths.count > 2
        else { return [self] }
        let count = (total + tokens - 1) / tokens
        var parts: [ModelInputs] = []
        var first = 0
        for sequence in 1..<cumulativeLengths.count
        where cumulativeLengths[sequence] * count >= (parts.count + 1) * total {
            parts.append(sequences(first..<sequence, cumulativeLengths))
            first = sequence
        }
        return parts
    }

    private func sequences(_ range: Range<Int>, _ cumulativeLengths: [Int]) -> ModelInputs {
        let (begin, end) = (cumulativeLengths[range.lowerBound], cumulativeLengths[range.upperBound])
        func tokens(_ tensor: Tensor) -> Tensor { tensor.narrow(0, begin, end - begin) }
        return ModelInputs(
            packedIDs: tokens(inputIDs),
            cumulativeLengths: cumulativeLengths[range.lowerBound...range.upperBound].map { $0 - begin },
            tokenTypeIDs: tokenTypeIDs.map(tokens), positionIDs: positionIDs.map(tokens))
    }
}
