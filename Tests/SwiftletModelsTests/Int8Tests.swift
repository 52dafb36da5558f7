import SwiftletCheckpoints
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import Testing

/// Products in 8-bit integers: the kernels by themselves, every family with them, and folders that keep them.
extension ModelTests {
    @Suite struct Int8Tests {
        /// What trained encoders have: two columns far above the rest.
        private func activations(_ rows: Int, _ inputs: Int) -> Tensor {
            manualSeed(3)
            let x = Tensor.randn([rows, inputs])
            let outlying = (0..<inputs).map { $0 == 5 ? 25 : $0 == inputs - 2 ? -14 : 1 as Float }
            return x * Tensor(outlying, shape: [inputs])
        }

        @Test(
            arguments: ["portable", "avx2", "avx512"], [[1, 24, 16], [7, 50, 33], [61, 384, 70], [130, 129, 512]])
        func aProductIsNearTheExactOne(set: String, sizes: [Int]) throws {
            guard (try? Kernels.selectInstructionSet(set)) != nil else { return }
            defer { try? Kernels.selectInstructionSet("auto") }
            let (rows, inputs, outputs) = (sizes[0], sizes[1], sizes[2])
            let x = activations(rows, inputs)
            let weight = Tensor.randn([outputs, inputs]) * 0.05
            let bias = Tensor.randn([outputs])
            let exact = F.linear(x.to(.float64), weight.to(.float64), bias.to(.float64)).doubles()
            let rounded = noGrad { int8Products { F.linear(x, weight, bias) } }
            #expect(rounded.shape == [rows, outputs] && rounded.dtype == .float32)
            let size = zip(exact, bias.doubles().repeated(rows)).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
            let error = zip(exact, rounded.doubles()).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
            // Without the outliers' own part it is 0.05: their columns would take the scale.
            #expect((error / size).squareRoot() < 0.016, "\((error / size).squareRoot())")
            #expect(rounded.doubles() != F.linear(x, weight, bias).doubles())
        }

        /// AVX2 sums two products in 16 bits: 255 * 128 is what fits. Halves and equal numbers are where rounding would break it.
        @Test(arguments: [[16, 31], [40, 384], [70, 1]])
        func pairsOfAWeightStayBelowTheirBoundAndKeepTheirValues(sizes: [Int]) {
            manualSeed(11)
            for weight in [Tensor.randn(sizes), Tensor.full(sizes, -3), Tensor.full(sizes, 0.7)] {
                let (values, scales) = weight.quantizedInt8()
                let q = values.to(.float32).floats().map(Int.init)
                let pairs = (0..<sizes[0]).flatMap { row in
                    stride(from: 0, to: sizes[1], by: 2).map { column in
                        let at = row * sizes[1] + column
                        return abs(q[at]) + (column + 1 < sizes[1] ? abs(q[at + 1]) : 0)
                    }
                }
                #expect(pairs.max()! == 126 || pairs.max()! == 127)
                let again = (values.to(.float32) * scales).quantizedInt8()
                #expect(again.values.to(.float32).floats().map(Int.init) == q)
            }
        }

        @Test func aRowDependsOnNoOther() {
            let x = activations(40, 96)
            let weight = Tensor.randn([64, 96])
            noGrad {
                int8Products {
                    let all = F.linear(x, weight).floats()
                    for row in [0, 11, 12, 39] {
                        #expect(F.linear(x.narrow(0, row, 1), weight).floats() == Array(all[row * 64..<(row + 1) * 64]))
                    }
                }
            }
        }

        @Test func numbersThatAreNoneStaySo() {
            var values = [Float](repeating: 0.5, count: 3 * 32)
            values[40] = .nan
            values[70] = .infinity
            let weight = Tensor.randn([16, 32])
            let y = noGrad { int8Products { F.linear(Tensor(values, shape: [3, 32]), weight) } }.floats()
            #expect(y[..<16].allSatisfy { $0.isFinite })
            #expect(y[16...].allSatisfy { !$0.isFinite })
            let zero = noGrad { int8Products { F.linear(Tensor.zeros([2, 32]), weight) } }.floats()
            #expect(zero == [Float](repeating: 0, count: 32))
        }

        @Test func aChangedWeightIsRoundedAnew() {
            let x = activations(4, 32)
            let weight = Tensor.randn([16, 32])
            noGrad {
                int8Products {
                    let before = F.linear(x, weight).floats()
                    weight.mul_(-1)
                    #expect(F.linear(x, weight).floats().map { -$0 } == before)
                }
            }
        }

        @Test func gradientsAreRefused() {
            let weight = Tensor.randn([16, 32])
            weight.requiresGrad = true
            #expect(throws: TensorError.self) {
                try withTensorErrors { _ = int8Products { F.linear(Tensor.ones([2, 32]), weight) } }
            }
        }

        @Test func aWeightIsItsValuesTimesItsScales() {
            let weight = Tensor.randn([20, 30])
            let (values, scales) = weight.quantizedInt8()
            #expect(values.dtype == .int8 && values.shape == [20, 30] && scales.shape == [20, 1])
            let back = (values.to(.float32) * scales).floats()
            for (row, scale) in scales.floats().enumerated() {
                for column in 0..<30 {
                    let index = row * 30 + column
                    #expect(abs(back[index] - weight.floats()[index]) <= scale / 2 * 1.0001)
                }
            }
        }

        private static let families = (try? FileSystem.names(in: Locations.fixture("families"))) ?? []

        @Test(arguments: families) func everyFamilyRunsInThem(_ name: String) throws {
            let fixture = try FamilyFixture(name)
            let model = try AutoModel.fromPretrained(folder: fixture.folderOfEncoder)
            let inputs = try ModelInputs(
                inputIDs: fixture.tensors.tensor("inputs/input_ids"),
                attentionMask: fixture.tensors.tensor("inputs/attention_mask"))
            let exact = try noGrad { try model(inputs).lastHiddenState }
            model.state.execution.quantization = .int8
            let rounded = try noGrad { try model(inputs).lastHiddenState }
            let (a, b) = (exact.doubles(), rounded.doubles())
            let error = zip(a, b).map { ($0 - $1) * ($0 - $1) }.reduce(0, +), size = a.map { $0 * $0 }.reduce(0, +)
            // Tiny models with random weights are rougher than trained ones.
            #expect((error / size).squareRoot() < 0.08, "\((error / size).squareRoot())")
            // In the tiniest, every layer has so few outputs that it stays float32.
            let isWide = model.parameters().contains { $0.shape.count == 2 && !$0.isEmbedding && $0.shape[0] >= 16 }
            #expect(!isWide || a != b)

            // A folder in 8 bits gives the same, and is read as what it is.
            let folder = try TemporaryDirectory()
            try model.savePretrained(folder.path, quantization: .int8)
            let read = try AutoModel.fromPretrained(folder: folder.path)
            #expect(read.state.execution.quantization == .int8)
            let again = try noGrad { try read(inputs).lastHiddenState }.doubles()
            let apart = zip(again, b).map { abs($0 - $1) }.max() ?? 0
            #expect(apart < 0.08 * (size / Double(a.count)).squareRoot() * 3, "\(apart)")

            // In float32 again, it is a model like others.
            read.state.execution.quantization = nil
            let plain = try TemporaryDirectory()
            try read.savePretrained(plain.path)
            #expect(try JSONValue(contentsOf: plain.file("config.json"))["quantization_config"] == nil)
            _ = try AutoModel.fromPretrained(folder: plain.path)
        }

        /// The head, which has too few outputs for 8 bits, is float32: by the library's products it may depend on the batch.
        @Test(.enabled(if: Kernels.products != "library", "float32 is multiplied by the library"))
        func aTextDependsOnNoOther() throws {
            let model = try TwinRuns().model
            model.state.execution.quantization = .int8
            let batch = TwinRuns.batch([9, 9, 9, 9, 9, 9, 9])
            let together = try noGrad { try model(batch).logits.floats() }
            let (ids, types) = (batch.inputIDs.ints(), try #require(batch.tokenTypeIDs).ints())
            for row in 0..<7 {
                let tokens = row * 9..<row * 9 + 9
                let one = ModelInputs(
                    inputIDs: Tensor(Array(ids[tokens]), shape: [1, 9]),
                    tokenTypeIDs: Tensor(Array(types[tokens]), shape: [1, 9]))
                let logits = try noGrad { try model(one).logits.floats() }
                #expect(logits == Array(together[row * 2..<row * 2 + 2]), "\(row)")
            }
        }

        @Test func aModelThatTrainsRefusesThem() throws {
            let model = try TwinRuns().model
            model.state.execution.quantization = .int8
            let inputs = TwinRuns.batch([5, 9])
            let rounded = try noGrad { try model(inputs).logits.floats() }
            model.state.execution.quantization = nil
            let exact = try noGrad { try model(inputs).logits.floats() }
            #expect(rounded != exact && difference(rounded, exact, absolute: 0.2, relative: 0.2) == nil)
            model.state.execution.quantization = .int8
            model.train()
            let error = #expect(throws: ModelError.self) { try model(inputs) }
            #expect(error?.kind == .unsupported)
        }

        @Test(arguments: [
            #"{"quant_method": "gptq", "bits": 4}"#,
            #"{"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {}}"#,
            #"{"quant_method": "compressed-tensors", "format": "int-quantized", "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int", "symmetric": true, "strategy": "channel"}}}}"#,
            #"[]"#,
        ])
        func otherFormsAreRefused(_ config: String) throws {
            let folder = try TemporaryDirectory()
            try TwinRuns().model.savePretrained(folder.path)
            var json = try #require(try JSONValue(contentsOf: folder.file("config.json")).object)
            json["quantization_config"] = try JSONValue(parsing: config)
            try AtomicFile.write(JSONValue.object(json).text(.config), to: folder.file("config.json"))
            let error = #expect(throws: ModelError.self) {
                try AutoModelForSequenceClassification.fromPretrained(folder: folder.path)
            }
            #expect(error?.kind == .unsupported && error?.location.key == "quantization_config")
        }

        @Test func aScaleOfAnotherShapeIsNamed() throws {
            let folder = try TemporaryDirectory()
            let model = try TwinRuns().model
            try model.savePretrained(folder.path, quantization: .int8)
            let file = try SafetensorsFile(folder.file("model.safetensors"))
            let name = "bert.encoder.layer.0.attention.self.query.weight_scale"
            let tensors = try file.names.map { ($0, $0 == name ? Tensor.ones([1, 48]) : try file.tensor($0)) }
            try Safetensors.write(tensors, to: folder.file("model.safetensors"))
            let error = #expect(throws: ModelError.self) {
                try AutoModelForSequenceClassification.fromPretrained(folder: folder.path)
            }
            #expect(error?.location.tensor == String(name.dropLast(6)))
        }
    }
}

extension [Double] {
    fileprivate func repeated(_ times: Int) -> [Double] { (0..<times).flatMap { _ in self } }
}
