import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// What a model can't take throws, whatever the head and the family.
    @Suite struct ModelCallTests {
        static let families = [
            "albert-a", "bert-b", "deberta-b", "deberta-v2-a", "distilbert-a", "electra-a", "eurobert-a", "gte-b",
            "jina_embeddings_v3-a", "modernbert-a", "mpnet-a", "nomic_bert-a", "roberta-a",
        ]

        private func expectError(
            _ model: any PretrainedModel, _ inputs: ModelInputs, _ kind: ModelError.Kind, _ what: String,
            _ location: SourceLocation = #_sourceLocation
        ) {
            let error = #expect(throws: ModelError.self, "\(what)", sourceLocation: location) {
                _ = try noGrad { try model(inputs) }
            }
            #expect(error == nil || error?.kind == kind, "\(what): \(error?.message ?? "")", sourceLocation: location)
        }

        private func changed(_ inputs: ModelInputs, _ change: (inout ModelInputs) -> Void) -> ModelInputs {
            var inputs = inputs
            change(&inputs)
            return inputs
        }

        private func ones(_ shape: [Int], _ dtype: DType = .int64) -> Tensor {
            (Tensor.zeros(shape, dtype: .int64) + 1).to(dtype)
        }

        /// With one number replaced.
        private func with(_ tensor: Tensor, _ value: Int) -> Tensor {
            var numbers = tensor.ints()
            numbers[1] = value
            return Tensor(numbers, shape: tensor.shape)
        }

        @Test(arguments: families)
        func `inputs`(name: String) throws {
            let fixture = try FamilyFixture(name)
            for task in ["encoder"] + fixture.heads {
                let model = try fixture.model(task)
                var right = try fixture.padded(task == "encoder" ? "sequence" : task)
                (right.labels, right.startPositions, right.endPositions) = (nil, nil, nil)
                _ = try noGrad { try model(right) }
                let shape = right.inputIDs.shape
                func wrong(_ what: String, _ change: (inout ModelInputs) -> Void) {
                    expectError(model, changed(right, change), .inputs, "\(name), \(task), \(what)")
                }
                for dtype in [DType.float32, .bool, .int16, .float64] {
                    wrong("\(dtype) ids") { $0.inputIDs = $0.inputIDs.to(dtype) }
                    wrong("\(dtype) segments") { $0.tokenTypeIDs = ones(shape, dtype) }
                    wrong("\(dtype) positions") { $0.positionIDs = ones(shape, dtype) }
                }
                for other in [
                    [], [5], [1, 1, 1, 1], [0, 5], [4, 0], Array(shape.dropLast()) + [shape[shape.count - 1] + 1],
                ] {
                    wrong("ids \(other)") { $0.inputIDs = ones(other) }
                    if other != shape {
                        wrong("mask \(other)") { $0.attentionMask = ones(other) }
                        wrong("segments \(other)") { $0.tokenTypeIDs = ones(other) }
                        wrong("positions \(other)") { $0.positionIDs = ones(other) }
                    }
                }
                for id in [-1, 26, Int(Int32.max), .max, .min] {
                    wrong("id \(id)") { $0.inputIDs = with($0.inputIDs, id) }
                    if right.tokenTypeIDs != nil { wrong("segment \(id)") { $0.tokenTypeIDs = with(ones(shape), id) } }
                }
                for position in [-1, .min] {
                    wrong("position \(position)") { $0.positionIDs = with(ones(shape), position) }
                }
                for other in [shape, shape + [7], [4], shape + [8, 1]] {
                    wrong("vectors \(other)") { $0.inputsEmbeds = ones(other, .float32) }
                }
                wrong("vectors of another type") { $0.inputsEmbeds = ones(shape + [8], .float64) }
                wrong("packed, with a mask") { $0.cumulativeLengths = [0, 4] }
                let tokens = ones([8])
                for starts in [[], [0], [0, 9], [0, 5, 3, 8], [0, 0, 8], [1, 8], [Int.min, .max], [0, .max]] {
                    var inputs = ModelInputs(packedIDs: tokens, cumulativeLengths: starts)
                    inputs.choiceCount = 1
                    expectError(model, inputs, .inputs, "\(name), \(task), packed at \(starts)")
                }
                if task == "choice" {
                    for count in [nil, 0, -1, 3, .max, .min] as [Int?] {
                        var inputs = ModelInputs(packedIDs: tokens, cumulativeLengths: [0, 4, 8])
                        inputs.choiceCount = count
                        expectError(model, inputs, .inputs, "\(name), \(count.map(String.init) ?? "no") choices")
                    }
                }
            }
        }

        /// Python does so too, and refuses one mask for all rows.
        @Test(arguments: families)
        func `segments and positions for all rows or all tokens`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let model = try fixture.model("encoder")
            var right = try fixture.padded("sequence")
            right.labels = nil
            let shape = right.inputIDs.shape
            let hasTypes = right.tokenTypeIDs != nil
            func states(_ change: (inout ModelInputs) -> Void) throws -> [[Double]] {
                try noGrad { try model(changed(right, change)) }.predictions.map { $0.doubles() }
            }
            let row = Tensor((0..<shape[1]).map { $0 * 2 % 5 + 2 }, shape: [1, shape[1]])
            let types = Tensor((0..<shape[1]).map { $0 % 2 }, shape: [1, shape[1]])
            let column = Tensor((0..<shape[0]).map { $0 % 3 + 2 }, shape: [shape[0], 1])
            let one = Tensor([3], shape: [1, 1])
            for ids in [row, column, one] {
                let all = ids.expand(shape).contiguous()
                #expect(try states { $0.positionIDs = ids } == states { $0.positionIDs = all }, "\(name) \(ids.shape)")
                expectError(model, changed(right) { $0.attentionMask = ids }, .inputs, "\(name), mask \(ids.shape)")
            }
            for ids in hasTypes ? [types, one * 0] : [] {
                let all = ids.expand(shape).contiguous()
                let same = try states { $0.tokenTypeIDs = ids } == states { $0.tokenTypeIDs = all }
                #expect(same, "\(name), segments \(ids.shape)")
            }
            for other in [[shape[1]], [2, shape[1]], [1, shape[1] + 1], [1, 1, shape[1]]] {
                expectError(model, changed(right) { $0.positionIDs = ones(other) }, .inputs, "\(name), \(other)")
                expectError(model, changed(right) { $0.tokenTypeIDs = ones(other) }, .inputs, "\(name), \(other)")
            }
        }

        @Test(arguments: families)
        func `labels`(name: String) throws {
            let fixture = try FamilyFixture(name)
            for task in fixture.heads where task != "question" && task != "sequence" {
                let model = try fixture.model(task)
                let right = try fixture.padded(task)
                let shape = try #require(right.labels).shape
                func wrong(_ labels: Tensor, _ what: String) {
                    expectError(model, changed(right) { $0.labels = labels }, .labels, "\(name), \(task), \(what)")
                }
                for dtype in [DType.float32, .float64] { wrong(ones(shape, dtype), "\(dtype)") }
                for other in [[], [3], [0], shape.map { $0 + 1 }, shape + [2]] { wrong(ones(other), "shape \(other)") }
                for label in [-1, 26, .max, .min, -101] { wrong(with(ones(shape), label), "\(label)") }
            }
            guard fixture.heads.contains("question") else { return }
            let model = try fixture.model("question")
            let right = try fixture.padded("question")
            for other in [[], [3], [5], [4, 2]] {
                expectError(
                    model, changed(right) { $0.startPositions = ones(other) }, .labels, "\(name), starts \(other)")
                expectError(model, changed(right) { $0.endPositions = ones(other) }, .labels, "\(name), ends \(other)")
            }
            for dtype in [DType.float32, .bool] {
                expectError(
                    model, changed(right) { $0.startPositions = ones([4], dtype) }, .inputs, "\(name), \(dtype)")
            }
            expectError(model, changed(right) { $0.endPositions = nil }, .labels, "\(name), no ends")
            // Outside its row a position counts for nothing, as in Python; no number may stop the process.
            for place in [Int.min, -1, 99, .max] {
                let loss = try noGrad { try model(changed(right) { $0.startPositions = with(ones([4]), place) }) }.loss
                #expect(loss.item().isFinite == true)
            }
        }

        @Test(arguments: ["bert-a", "deberta-a"])
        func `labels of whole sequences, by the kind of problem`(name: String) throws {
            let fixture = try FamilyFixture(name)
            let right = try fixture.padded("sequence")
            let problems: [(JSONValue, Int, good: [(shape: [Int], DType)], bad: [(shape: [Int], DType)])] = [
                (
                    "regression", 2, [([4, 2], .float32), ([4, 2], .int64)],
                    [([4], .int64), ([2], .float32), ([4, 1], .float32), ([4, 3], .float32)]
                ),
                (
                    "regression", 1, [([4], .float32), ([4, 1], .float32), ([4], .int64)],
                    [([3], .float32), ([4, 2], .float32), ([], .float32)]
                ),
                (
                    "single_label_classification", 2, [([4], .int64), ([4, 1], .int32)],
                    [([4], .float32), ([5], .int64), ([4, 2], .int64)]
                ),
                (
                    "multi_label_classification", 2, [([4, 2], .float32), ([4, 2], .float64)],
                    [([4, 2], .int64), ([4], .float32), ([2, 4], .float32)]
                ),
                (.null, 1, [([4], .float32)], [([5], .float32), ([4, 2], .float32)]),
                (.null, 2, [([4], .int64)], [([5], .int64), ([0], .int64), ([], .int64), ([3, 2], .float32)]),
            ]
            for (type, count, good, bad) in problems {
                var config = fixture.config
                config["problem_type"] = type
                config["id2label"] = nil
                config["label2id"] = nil
                config["num_labels"] = .int(count)
                let model = try SequenceClassifier(ModelConfig(config), state: ModelState())
                manualSeed(1)
                model.state.initializeMissing()
                for (shape, dtype) in bad {
                    expectError(
                        model, changed(right) { $0.labels = ones(shape, dtype) }, .labels,
                        "\(name), \(type.text()), \(count) labels, \(dtype) \(shape)")
                }
                // A wrong batch chooses no kind of problem for good.
                for (shape, dtype) in good {
                    let loss = try noGrad { try model(changed(right) { $0.labels = ones(shape, dtype) * (count - 1) }) }
                        .loss
                    #expect(loss.item().isFinite == true, "\(name), \(type.text()), \(count), \(dtype) \(shape)")
                }
            }
        }

        @Test func `another device than the model's`() throws {
            // A state without parameters needs no such device.
            let state = ModelState(device: .cuda(1))
            let limits = InputLimits(vocabularySize: 9, embeddingWidth: 4)
            let error = #expect(throws: ModelError.self) {
                _ = try limits.check(ModelInputs(inputIDs: ones([1, 2])), for: state)
            }
            #expect(error?.kind == .inputs)
            #expect(error?.message.contains("cuda:1") == true && error?.message.contains("cpu") == true)
            #expect(throws: Never.self) {
                _ = try limits.check(ModelInputs(inputIDs: ones([1, 2])), for: ModelState())
            }
        }

        @Test func `a model without values`() throws {
            let fixture = try FamilyFixture("bert-a")
            let model = try SequenceClassifier(ModelConfig(fixture.config), state: ModelState())
            expectError(model, try fixture.padded("sequence"), .weights, "no values")
            #expect(throws: ModelError.self) { try model.resizeTokenEmbeddings(to: 30) }
        }
    }
}
