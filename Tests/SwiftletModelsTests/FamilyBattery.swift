import Foundation
import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// Everything that a family has to do, held to Python's numbers: `try FamilyBattery("roberta").run()`.
struct FamilyBattery {
    let fixtures: [FamilyFixture]
    /// Of the values that a comparison allows; gradients relative to their tensor's largest too.
    static let tolerance = 1e-5

    init(_ name: String) throws {
        fixtures = try ["a", "b"].map { "\(name)-\($0)" }
            .filter { FileSystem.isDirectory(Locations.fixture("families/\($0)")) }.map(FamilyFixture.init)
        try #require(!fixtures.isEmpty, "Tools/reference/families.py has made nothing for '\(name)'")
    }

    func run() throws {
        for fixture in fixtures {
            try numbers(fixture)
            try hiddenStates(fixture)
            try dropout(fixture)
            try gaps(fixture)
            try manyTokens(fixture)
            try bfloat16(fixture)
            try fields(fixture)
            try swappedWeights(fixture)
            try freshHeads(fixture)
            try saving(fixture)
        }
    }

    private func expect(
        _ actual: [Float], _ expected: [Float], _ what: String, _ location: SourceLocation = #_sourceLocation
    ) {
        let size = Double(expected.lazy.map(abs).max() ?? 0)
        let wrong = difference(actual, expected, absolute: Self.tolerance * max(1, size))
        #expect(wrong == nil, "\(what)", sourceLocation: location)
    }

    // MARK: Logits, losses, gradients

    private func numbers(_ fixture: FamilyFixture) throws {
        for kernels in Kernels.allCases {
            for isPacked in [false, true] {
                let way = "\(fixture.folder), \(kernels), \(isPacked ? "packed" : "padded")"
                var others: [String: Tensor] = [:]
                for task in fixture.heads where !isPacked || answersPacked(fixture, task) {
                    let model = try fixture.model(task)
                    model.state.kernels = kernels
                    let output = try model(isPacked ? fixture.packed(task) : fixture.padded(task))
                    compareLogits(
                        output, try fixture.tensors.tensor("\(task).logits"), fixture, task, "\(way), \(task)")
                    let loss = try output.loss
                    // Without padding among the places of an answer, the loss is another one.
                    let name = isPacked && task == "question" ? "question.packed_loss" : "\(task).loss"
                    expect(loss.floats(), try fixture.floats(name), "\(way), \(task) loss")
                    loss.backward()
                    if isPacked && task == "question" { continue }
                    try compareGradients(model, fixture, task, &others, way)
                }
                if isPacked { continue }
                for name in fixture.tensors.names where name.hasPrefix("grad/others/") {
                    let sum = try #require(others[String(name.dropFirst("grad/others/".count))], "\(way), no \(name)")
                    expect(sum.floats(), try fixture.floats(name), "\(way), \(name)")
                }
            }
        }
    }

    /// Where a head reads padding in Python, packed batches, which have none, have other answers.
    private func answersPacked(_ fixture: FamilyFixture, _ task: String) -> Bool {
        task != "choice" || [nil, "first"].contains(fixture.config["summary_type"]?.string)
    }

    private func compareLogits(
        _ output: any ModelOutput, _ expected: Tensor, _ fixture: FamilyFixture, _ task: String, _ what: String
    ) {
        var logits = output.predictions[0].detach()
        if task == "question" { logits = Tensor.stack(output.predictions.map { $0.detach() }, 2) }
        guard expected.rank == 3 else { return expect(logits.floats(), expected.floats(), what) }
        let width = expected.shape[2]
        // States of padding are anyone's, but for question answering.
        let actual = logits.rank == 2 ? logits.floats() : fixture.tokens(logits.floats(), width: width)
        expect(actual, fixture.tokens(expected.floats(), width: width), what)
    }

    private func compareGradients(
        _ model: any PretrainedModel, _ fixture: FamilyFixture, _ task: String, _ others: inout [String: Tensor],
        _ way: String
    ) throws {
        for parameter in model.parameters() {
            let stored = try fixture.stored(parameter.name, task)
            let isShared = stored.hasPrefix("encoder/")
            let name = isShared ? "grad/\(task == "sequence" ? task : "others")/\(stored)" : "grad/\(stored)"
            guard let gradient = parameter.gradient else {
                // Python's has none either, or a sum that the other tasks give.
                if !isShared { #expect(!fixture.has(name), "\(way): '\(parameter.name)' got no gradient") }
                continue
            }
            if isShared, task != "sequence" {
                others[stored] = others[stored].map { $0 + gradient } ?? gradient
            } else {
                expect(gradient.floats(), try fixture.floats(name), "\(way), \(name)")
            }
        }
    }

    // MARK: States, dropout, gaps

    private func hiddenStates(_ fixture: FamilyFixture) throws {
        let width = try #require(try fixture.tensors.tensor("hidden.0").shape.last)
        for kernels in Kernels.allCases {
            let model = try fixture.model("sequence")
            model.state.kernels = kernels
            let states = try #require(
                try noGrad { try model(fixture.padded("sequence"), outputHiddenStates: true) }.hiddenStates)
            #expect(!fixture.has("hidden.\(states.count)") && fixture.has("hidden.\(states.count - 1)"))
            for (index, state) in states.enumerated() {
                expect(
                    fixture.tokens(state.floats(), width: width),
                    fixture.tokens(try fixture.floats("hidden.\(index)"), width: width),
                    "\(fixture.folder), \(kernels), hidden state \(index)")
            }
            let encoder = try #require(try fixture.model("encoder") as? Backbone)
            encoder.state.kernels = kernels
            let output = try noGrad { try encoder(fixture.padded("sequence")) }
            expect(
                fixture.tokens(output.lastHiddenState.floats(), width: width),
                fixture.tokens(try fixture.floats("encoder_output"), width: width),
                "\(fixture.folder), the encoder alone")
            #expect((output.poolerOutput != nil) == fixture.has("pooler_output"))
            if let pooled = output.poolerOutput {
                expect(pooled.floats(), try fixture.floats("pooler_output"), "\(fixture.folder), pooler")
            }
        }
    }

    /// The same seed drops the same: each dropout is in its place and has its rate.
    private func dropout(_ fixture: FamilyFixture) throws {
        manualSeed(42)
        let probe = Tensor.empty([64])
        probe.bernoulli_(0.9)
        // On Intel processors libtorch takes the masks from another generator; the file is from another kind.
        guard probe.floats() == (try fixture.tensors.tensor("probe").to(.float32).floats()) else { return }
        for task in fixture.heads {
            let model = try fixture.model(task)
            model.state.kernels = .reference
            model.train()
            manualSeed(42)
            let output = try noGrad { try model(fixture.padded(task)) }
            compareLogits(
                output, try fixture.tensors.tensor("train/\(task)"), fixture, task,
                "\(fixture.folder), \(task) in training")
        }
    }

    /// A row with padding between tokens: places count, not tokens.
    private func gaps(_ fixture: FamilyFixture) throws {
        let model = try fixture.model("sequence")
        var inputs = try fixture.padded("sequence")
        var mask = try #require(inputs.attentionMask).ints()
        (mask[2], mask[4]) = (0, 0)
        inputs.attentionMask = Tensor(mask, shape: inputs.inputIDs.shape)
        let logits = try Kernels.allCases.map { kernels in
            model.state.kernels = kernels
            return try noGrad { try model(inputs).predictions[0].floats() }
        }
        expect(logits[0], logits[1], "\(fixture.folder), a gap in the mask")
        #expect(difference(logits[0], try fixture.floats("sequence.logits"), absolute: 1e-3) != nil)
    }

    /// Without gradients a batch of so many tokens runs in parts, with them at once; padding must not get between.
    private func manyTokens(_ fixture: FamilyFixture) throws {
        for task in fixture.heads {
            let model = try fixture.model(task)
            model.state.kernels = .fused
            var inputs = try fixture.padded(task)
            let copies = 2500 / fixture.lengths.reduce(0, +) + 1
            func repeated(_ tensor: Tensor) -> Tensor { Tensor.cat([Tensor](repeating: tensor, count: copies), 0) }
            inputs.inputIDs = repeated(inputs.inputIDs)
            inputs.attentionMask = inputs.attentionMask.map(repeated)
            inputs.tokenTypeIDs = inputs.tokenTypeIDs.map(repeated)
            (inputs.labels, inputs.startPositions, inputs.endPositions) = (nil, nil, nil)
            let atOnce = try model(inputs)
            let inParts = try noGrad { try model(inputs) }
            for (expected, actual) in zip(atOnce.predictions, inParts.predictions) {
                expect(actual.floats(), expected.detach().floats(), "\(fixture.folder), \(task), many tokens")
            }
        }
    }

    /// Products in bfloat16 are about as near to float32 with either kernels.
    private func bfloat16(_ fixture: FamilyFixture) throws {
        var runs: [(task: String, exact: [Float], fused: [Float], size: Double)] = []
        // Of libtorch's, as a share of the largest number: of all heads, since some have a handful of numbers only.
        var share = 0.0
        for task in fixture.heads {
            let model = try fixture.model(task)
            let inputs = try fixture.padded(task)
            func predictions(_ kernels: Kernels, _ dtype: DType?) throws -> [Float] {
                model.state.kernels = kernels
                return try noGrad {
                    let output = try autocast(dtype) { try model(inputs) }
                    // States of padding are anyone's.
                    return output.predictions.flatMap { prediction in
                        let values = prediction.to(.float32)
                        guard task == "token" || task == "masked" else { return values.floats() }
                        return fixture.tokens(values.floats(), width: values.shape[2])
                    }
                }
            }
            let exact = try predictions(.reference, nil)
            let (usual, fused) = (try predictions(.reference, .bfloat16), try predictions(.fused, .bfloat16))
            let error = zip(usual, exact).map { abs(Double($0) - Double($1)) }.max() ?? 0
            let size = exact.map { abs(Double($0)) }.max() ?? 0
            if size > 0 { share = max(share, error / size) }
            runs.append((task, exact, fused, size))
        }
        for (task, exact, fused, size) in runs {
            let wrong = difference(fused, exact, absolute: (3 * share + 2e-3) * size)
            #expect(wrong == nil, "\(fixture.folder), \(task), bfloat16; libtorch's error \(share), largest \(size)")
            #expect(fused != exact, "\(fixture.folder), \(task), bfloat16 is float32")
        }
    }

    // MARK: Mistakes that must be noticed

    /// Each field changes the numbers as in Python; a model that ignored it would stay at the numbers without.
    private func fields(_ fixture: FamilyFixture) throws {
        for entry in try #require(fixture.tasks["fields"]?.array) {
            let (task, field) = (try #require(entry["task"]?.string), try #require(entry["field"]?.string))
            let expected = try fixture.tensors.tensor("field/\(task)/\(field)")
            let model = try fixture.model(task, overrides: [field: try #require(entry["value"])])
            model.state.kernels = .reference
            let output = try noGrad { try model(fixture.padded(task)) }
            compareLogits(output, expected, fixture, task, "\(fixture.folder), another '\(field)'")
            let usual = try fixture.floats("\(task).logits")
            #expect(difference(usual, expected.floats(), absolute: 1e-4) != nil, "'\(field)' changes nothing")
        }
    }

    /// Any two weights of one shape in a layer, exchanged.
    private func swappedWeights(_ fixture: FamilyFixture) throws {
        let model = try fixture.model("sequence")
        let weights = model.parameters().filter { $0.shape.count == 2 && $0.name.contains("layer") }
        let expected = try fixture.floats("sequence.logits")
        var pairs = 0
        for (index, first) in weights.enumerated() {
            for second in weights[(index + 1)...].prefix(5) where second.shape == first.shape {
                let (a, b) = (first.tensor.detach().clone(), second.tensor.detach().clone())
                model.state.assign(b, to: first)
                model.state.assign(a, to: second)
                let logits = try noGrad { try model(fixture.padded("sequence")).predictions[0].floats() }
                #expect(
                    difference(logits, expected, absolute: Self.tolerance * 10) != nil,
                    "\(fixture.folder): '\(first.name)' and '\(second.name)' may be exchanged")
                model.state.assign(a, to: first)
                model.state.assign(b, to: second)
                pairs += 1
            }
        }
        #expect(pairs > 0)
    }

    // MARK: Files

    /// A checkpoint without a head gets the one that Python draws from the same seed.
    private func freshHeads(_ fixture: FamilyFixture) throws {
        for task in fixture.heads {
            manualSeed(42)
            let model = try fixture.model(task, from: fixture.folderOfEncoder)
            let names = try #require(fixture.tasks[task]?["head"]?.array).compactMap(\.string)
            let head = try names.flatMap { try #require(model.state[$0], "\($0)").tensor.floats() }
            #expect(head == (try fixture.floats("init/\(task)")), "\(fixture.folder), \(task)")
        }
    }

    private func saving(_ fixture: FamilyFixture) throws {
        let folder = try TemporaryDirectory()
        for task in ["encoder"] + fixture.heads {
            let model = try fixture.model(task)
            try FileSystem.createDirectory(folder.file(task))
            try model.savePretrained(folder.file(task))
            let saved = try SafetensorsFile(folder.file("\(task)/model.safetensors"))
            let names = try fixture.names(task)
            #expect(saved.names.sorted() == names.map(\.name).sorted(), "\(fixture.folder), \(task)")
            for (name, stored) in names where saved.names.contains(name) {
                let same = try saved.tensor(name).withUnsafeBytes { bytes in
                    try fixture.tensors.tensor(stored).withUnsafeBytes { bytes.elementsEqual($0) }
                }
                #expect(same, "\(fixture.folder), \(task), \(name)")
            }
            let config = try JSONValue(contentsOf: folder.file("\(task)/config.json"))
            let architecture = fixture.tasks[task]?["architecture"]
            #expect(config["architectures"] == .array([try #require(architecture)]))
            if task == "sequence" { #expect(config == .object(fixture.config)) }
            if task == "encoder" { continue }
            let again = try fixture.model(task, from: folder.file(task))
            let inputs = try fixture.padded(task)
            #expect(try noGrad { try again(inputs).predictions[0].floats() == model(inputs).predictions[0].floats() })
        }
        try compareInPython(folder, fixture)
    }

    private func compareInPython(_ folder: TemporaryDirectory, _ fixture: FamilyFixture) throws {
        guard let python = ProcessInfo.processInfo.environment["SWIFTLET_PYTHON"] else { return }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["\(Locations.root)/Tools/reference/families.py", "--check", folder.path, fixture.folder]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && text.contains("same"), "\(text)")
    }
}
