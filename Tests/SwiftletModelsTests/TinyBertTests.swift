import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// A random BERT of two layers against what Python computes with it. `Tools/reference/tiny_bert.py` makes the files.
struct TinyBert {
    static let folder = Locations.fixture("tiny-bert")
    let expected: SafetensorsFile

    init() throws { expected = try SafetensorsFile("\(Self.folder)/expected.safetensors") }

    func tensor(_ name: String) throws -> Tensor { try expected.tensor(name).clone() }
    func floats(_ name: String) throws -> [Float] { try expected.tensor(name).floats() }

    func inputs(labels: String? = "labels") throws -> ModelInputs {
        ModelInputs(
            inputIDs: try tensor("input_ids"), attentionMask: try tensor("attention_mask"),
            tokenTypeIDs: try tensor("token_type_ids"), labels: try labels.map(tensor))
    }

    func model(dropout: Double = 0, labels: Int? = nil, problemType: ProblemType? = nil) throws
        -> SequenceClassifier
    {
        let model = try AutoModelForSequenceClassification.fromPretrained(
            folder: Self.folder, numLabels: labels,
            options: LoadOptions(
                problemType: problemType, ignoreMismatchedSizes: labels != nil,
                overrides: ["hidden_dropout_prob": .double(dropout), "attention_probs_dropout_prob": .double(dropout)]))
        model.state.kernels = .reference
        return model
    }

    /// Ten steps as the Trainer makes them, with decay on `isDecayed`.
    func train(
        _ model: SequenceClassifier, steps: Int, decays: (Parameter) -> Bool = isDecayed,
        visit: (Int, SequenceClassifierOutput, Tensor, Double) throws -> Void
    ) throws {
        model.train()
        let optimizer = AdamW(groups: [
            ParameterGroup(model.parameters().filter(decays), learningRate: 1e-3, weightDecay: 0.01),
            ParameterGroup(model.parameters().filter { !decays($0) }, learningRate: 1e-3, weightDecay: 0),
        ])
        let schedule = LRScheduler(.linear, optimizer: optimizer, warmupSteps: 0, trainingSteps: 10)
        let inputs = try inputs()
        for step in 1...steps {
            let output = try model(inputs)
            try output.loss.backward()
            let norm = clipGradNorm(model.parameters().compactMap(\.gradient), maxNorm: 1)
            let rate = schedule.lastLearningRates[0]
            optimizer.step()
            schedule.step()
            try visit(step, output, norm, rate)
            optimizer.zeroGrad()
        }
    }
}

extension ModelTests {
    @Suite struct TinyBertTests {
        let bert: TinyBert
        init() throws { bert = try TinyBert() }

        @Test func `hidden states, logits and loss`() throws {
            let model = try bert.model()
            let output = try noGrad { try model(try bert.inputs(), outputHiddenStates: true) }
            let states = try #require(output.hiddenStates)
            for (index, state) in states.enumerated() {
                #expect(
                    difference(
                        state.floats(), try bert.floats("hidden_states.\(index)"), absolute: 1e-6, relative: 1e-6)
                        == nil)
            }
            #expect(states.count == 3)
            #expect(difference(output.logits.floats(), try bert.floats("logits"), absolute: 1e-6) == nil)
            #expect(difference(try output.loss.floats(), try bert.floats("loss"), absolute: 1e-6) == nil)
        }

        @Test func `every gradient`() throws {
            let model = try bert.model()
            model.train()
            try model(try bert.inputs()).loss.backward()
            for parameter in model.parameters() {
                let gradient = try #require(parameter.gradient, "\(parameter.name) has no gradient")
                let wrong = difference(
                    gradient.floats(), try bert.floats("grad.\(parameter.name)"), absolute: 1e-6, relative: 1e-6)
                #expect(wrong == nil, "\(parameter.name)")
            }
        }

        @Test func `ten optimizer steps`() throws {
            let model = try bert.model()
            var (losses, norms, rates) = ([Double](), [Double](), [Double]())
            try bert.train(model, steps: 10) { step, output, norm, rate in
                losses.append(try output.loss.item())
                norms.append(norm.item())
                rates.append(rate)
                guard step == 1 || step == 10 else { return }
                for parameter in model.parameters() {
                    // Adam divides by the gradient's size: a key's bias, whose gradient is rounding noise, moves freely.
                    if parameter.name.hasSuffix("key.bias") { continue }
                    let wrong = difference(
                        parameter.tensor.floats(), try bert.floats("step\(step).\(parameter.name)"),
                        absolute: step == 1 ? 2e-6 : 2e-5)
                    #expect(wrong == nil, "step \(step), \(parameter.name)")
                }
            }
            #expect(difference(losses, try bert.expected.tensor("losses").doubles(), relative: 1e-5) == nil)
            #expect(difference(norms, try bert.expected.tensor("grad_norms").doubles(), relative: 1e-5) == nil)
            #expect(difference(rates, try bert.expected.tensor("learning_rates").doubles(), relative: 1e-12) == nil)
        }

        @Test func `dropout draws the masks that Python draws`() throws {
            manualSeed(42)
            let probe = Tensor.empty([64])
            probe.bernoulli_(0.9)
            // On Intel processors libtorch takes the masks from another generator; the file is from another kind.
            guard probe.floats() == (try bert.floats("dropout.probe")) else {
                withKnownIssue("this processor draws another dropout stream than the fixture's", isIntermittent: true) {
                    Issue.record("not compared")
                }
                return
            }
            let model = try bert.model(dropout: 0.1)
            manualSeed(42)
            var losses: [Double] = []
            try bert.train(model, steps: 3) { step, output, _, _ in
                losses.append(try output.loss.item())
                if step == 1 {
                    #expect(
                        difference(output.logits.floats(), try bert.floats("dropout.logits"), absolute: 2e-6) == nil)
                }
            }
            #expect(difference(losses, try bert.expected.tensor("dropout.losses").doubles(), relative: 1e-5) == nil)
        }

        @Test(arguments: [("regression", 1, nil), ("multilabel", 3, ProblemType.multiLabelClassification)])
        func `other problem types`(name: String, labels: Int, type: ProblemType?) throws {
            let model = try bert.model(labels: labels, problemType: type)
            for part in ["classifier.weight", "classifier.bias"] {
                model.state.assign(try bert.tensor("\(name).\(part)"), to: try #require(model.state[part]))
            }
            let output = try model(try bert.inputs(labels: "\(name).labels"))
            #expect(difference(output.logits.floats(), try bert.floats("\(name).logits"), absolute: 1e-6) == nil)
            let loss = try output.loss
            #expect(difference(loss.floats(), try bert.floats("\(name).loss"), absolute: 1e-6) == nil)
            loss.backward()
            for part in ["classifier.weight", "classifier.bias", "bert.pooler.dense.bias"] {
                let gradient = try #require(model.state[part]?.gradient)
                #expect(
                    difference(
                        gradient.floats(), try bert.floats("\(name).grad.\(part)"), absolute: 1e-6, relative: 1e-6)
                        == nil)
            }
            #expect(
                model.config.json["problem_type"]
                    == .string(name == "regression" ? "regression" : "multi_label_classification"))
        }

        @Test func `old layer-norm names, no prefix, no head`() throws {
            let model = try AutoModelForSequenceClassification.fromPretrained(
                folder: Locations.fixture("tiny-bert-legacy"))
            let pooled = try noGrad { model.encoder.pooled(try model.encoder(try bert.inputs(labels: nil))) }
            #expect(
                difference(try #require(pooled).floats(), try bert.floats("legacy.pooler_output"), absolute: 1e-6)
                    == nil)
        }

        @Test func `a saved model loads and answers the same`() throws {
            let folder = try TemporaryDirectory()
            let model = try bert.model()
            try model.savePretrained(folder.path)
            let again = try AutoModelForSequenceClassification.fromPretrained(folder: folder.path)
            again.state.kernels = model.state.kernels
            let inputs = try bert.inputs()
            #expect(try noGrad { try again(inputs).logits.floats() } == noGrad { try model(inputs).logits.floats() })
        }
    }
}

extension ModelTests {
    /// The comparisons above must be able to fail.
    @Suite struct PlantedMistakeTests {
        let bert: TinyBert
        init() throws { bert = try TinyBert() }

        private func logitsDiffer(_ model: SequenceClassifier, _ inputs: ModelInputs) throws -> Bool {
            let logits = try noGrad { try model(inputs).logits.floats() }
            return difference(logits, try bert.floats("logits"), absolute: 1e-6) != nil
        }

        @Test(arguments: [
            "bert.encoder.layer.0.attention.self.query.weight", "bert.encoder.layer.1.output.dense.weight",
            "bert.embeddings.LayerNorm.weight", "classifier.weight",
        ])
        func `permuted weights are noticed`(name: String) throws {
            let model = try bert.model()
            let parameter = try #require(model.state[name])
            let values = parameter.tensor.detach().clone()
            let order = Tensor((0..<values.shape[0]).reversed().map(Int64.init), shape: [values.shape[0]])
            model.state.assign(values.indexSelect(0, order), to: parameter)
            #expect(try logitsDiffer(model, try bert.inputs()))
        }

        @Test func `swapped projections are noticed`() throws {
            let model = try bert.model()
            let prefix = "bert.encoder.layer.0.attention.self"
            let (query, value) = (
                try #require(model.state["\(prefix).query.weight"]), try #require(model.state["\(prefix).value.weight"])
            )
            let (q, v) = (query.tensor.detach().clone(), value.tensor.detach().clone())
            model.state.assign(v, to: query)
            model.state.assign(q, to: value)
            #expect(try logitsDiffer(model, try bert.inputs()))
        }

        @Test func `an inverted mask is noticed`() throws {
            var inputs = try bert.inputs()
            let mask = try #require(inputs.attentionMask)
            inputs.attentionMask = mask.eq(0).to(.int64)
            #expect(try logitsDiffer(try bert.model(), inputs))
        }

        @Test func `missing segments are noticed`() throws {
            var inputs = try bert.inputs()
            inputs.tokenTypeIDs = nil
            #expect(try logitsDiffer(try bert.model(), inputs))
        }

        @Test func `dropout that does nothing is noticed`() throws {
            let model = try bert.model(dropout: 0.1)
            let inputs = try bert.inputs()
            let still = try noGrad { try model(inputs).logits.floats() }
            model.train()
            let dropped = try noGrad { try model(inputs).logits.floats() }
            #expect(difference(dropped, still, absolute: 1e-6) != nil)
            #expect(try noGrad { try model(inputs).logits.floats() } != dropped)
            model.eval()
            #expect(try noGrad { try model(inputs).logits.floats() } == still)
        }

        @Test(arguments: ["bert.encoder.layer.0.output.dense.bias", "bert.embeddings.LayerNorm.weight"])
        func `decay on biases and on layer norms is noticed`(name: String) throws {
            func values(decays: (Parameter) -> Bool) throws -> [Float] {
                let model = try bert.model()
                try bert.train(model, steps: 1, decays: decays) { _, _, _, _ in }
                return try #require(model.state[name]).tensor.detach().floats()
            }
            let expected = try bert.floats("step1.\(name)")
            #expect(difference(try values(decays: isDecayed), expected, absolute: 2e-7) == nil)
            // The smallest mistake there is: this one parameter is decayed too.
            #expect(difference(try values { isDecayed($0) || $0.name == name }, expected, absolute: 2e-7) != nil)
        }

        @Test func `the decay rule picks the reference's parameters`() throws {
            let expected = try #require(try JSONValue(contentsOf: "\(TinyBert.folder)/decay.json").array).compactMap(
                \.string)
            let model = try bert.model()
            #expect(Set(model.parameters().filter(isDecayed).map(\.name)) == Set(expected))
        }
    }
}
