import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// Scaled losses, against PyTorch's `GradScaler` and AdamW; `Tools/reference/grad_scaler.py` wrote the fixture.
@Suite(.oneAtATime) struct GradScalerTests {
    private static func fixture() throws -> JSONValue {
        try JSONValue(contentsOf: FileSystem.join(Locations.fixture("trainer"), "grad_scaler.json"))
    }

    private static func numbers(_ json: JSONValue?) throws -> [Double] {
        let array = try #require(json?.array)
        return array.map { $0.double ?? Double($0.string ?? "") ?? .nan }
    }

    /// The script's gradients of a loss that was scaled: of some steps, one element is not finite.
    private func gradient(_ step: Int, _ tensor: Int, _ count: Int, _ scale: Double) -> Tensor {
        var values = (0..<count).map {
            Tensor.full([], Double(step + 2 * tensor + $0), dtype: .float64).sin().item() * scale
        }
        let bad: [Int: Double] = [3: .infinity, 4: .infinity, 17: .infinity, 9: .nan, 13: -.infinity]
        if tensor == 1, let value = bad[step] { values[step % count] = value }
        return Tensor(values.map(Float.init), shape: [count])
    }

    private func sgd(_ parameter: Parameter, _ rate: Double) -> SGD {
        SGD(groups: [ParameterGroup([parameter], learningRate: rate, weightDecay: 0)])
    }

    private func parameters() -> [Parameter] {
        let state = ModelState()
        let scope = Scope(state)
        let first = scope.parameter("first", [5], .zeros)
        let second = scope.parameter("second", [3], .zeros)
        state.assign(Tensor([-1, -0.5, 0, 0.5, 1] as [Float], shape: [5]), to: first)
        state.assign(Tensor([0.5, 1.25, 2] as [Float], shape: [3]), to: second)
        return [first, second]
    }

    /// Through the scaler's own calls, and through an accelerator's, whose schedule waits for skipped updates.
    @Test(arguments: ["clipped", "plain"], [false, true])
    func `every step has Python's numbers`(name: String, usesAccelerator: Bool) throws {
        let fixture = try Self.fixture()
        let expected = try #require(fixture["steps"]?[name])
        let (scales, rates) = try (Self.numbers(expected["scales"]), Self.numbers(expected["rates"]))
        let losses = try Self.numbers(expected["losses"])
        let updated = expected["updated"]?.array?.compactMap(\.bool) ?? []
        let norms = try Self.numbers(expected["norms"])
        let weights = try #require(expected["weights"]?.array)
        let saved = try #require(expected["saved"]?.array)
        #expect(scales.count == 24 && weights.count == 24 && updated.count == 24 && Set(updated).count == 2)

        let parameters = parameters()
        let optimizer = AdamW(parameters, lr: 0.01, weightDecay: 0.1)
        let schedule = LRScheduler(.linear, optimizer: optimizer, trainingSteps: 48)
        let scaler = try GradScaler(initScale: 65536, growthInterval: 4)
        let accelerator = try Accelerator(group: nil, cpu: true)
        if usesAccelerator {
            accelerator.scaler = scaler
            _ = try accelerator.prepare(optimizer, schedule)
        }
        for step in scales.indices {
            #expect(scaler.scale(Tensor(0.3 + Double(step))).item() == losses[step])
            for (index, parameter) in parameters.enumerated() {
                parameter.gradient = gradient(step, index, parameter.count, Double(scaler.scale))
            }
            let isUpdated: Bool
            var norm = 0.0
            if usesAccelerator {
                if !norms.isEmpty { norm = try accelerator.clipGradNorm(parameters, maxNorm: 0.5).item() }
                optimizer.step()
                schedule.step()
                isUpdated = !accelerator.optimizerStepWasSkipped
            } else {
                if !norms.isEmpty {
                    try scaler.unscale(optimizer)
                    norm = clipGradNorm(parameters.compactMap(\.gradient), maxNorm: 0.5).item()
                }
                isUpdated = try scaler.step(optimizer)
                try scaler.update()
                if isUpdated { schedule.step() }
            }
            #expect(isUpdated == updated[step], "step \(step)")
            if !norms.isEmpty {
                #expect(norm == norms[step] || norm.isNaN && norms[step].isNaN || abs(norm - norms[step]) < 1e-6)
            }
            #expect(Double(scaler.scale) == scales[step], "step \(step)")
            #expect(abs(schedule.lastLearningRates[0] - rates[step]) < 1e-12, "step \(step)")
            let values = parameters.flatMap { $0.tensor.doubles() }
            #expect(difference(values, try Self.numbers(weights[step]), absolute: 2e-7) == nil, "step \(step)")
            let state = scaler.state
            #expect(state.map(\.0) == saved[step].object?.map(\.0))
            #expect(state.allSatisfy { saved[step][$0.0]?.double == $0.1.double }, "step \(step)")
        }
    }

    @Test func `the scale moves as Python's, also at the ends of float32`() throws {
        let fixture = try Self.fixture()
        let limits = try #require(fixture["limits"]?.array)
        #expect(limits.count == 2)
        for limit in limits {
            let settings = limit["settings"]
            let scaler = try GradScaler(
                initScale: settings?["init_scale"]?.double ?? 0, growthFactor: settings?["growth_factor"]?.double ?? 2,
                backoffFactor: settings?["backoff_factor"]?.double ?? 0.5,
                growthInterval: settings?["growth_interval"]?.int ?? 0)
            let parameter = parameters()[0]
            let optimizer = sgd(parameter, 0)
            let found = limit["found"]?.array?.compactMap(\.bool) ?? []
            #expect(found.count >= 12)
            for (found, scale) in zip(found, try Self.numbers(limit["scales"])) {
                parameter.gradient = Tensor.full([5], found ? Double.infinity : 0, dtype: .float32)
                #expect(try scaler.step(optimizer) == !found)
                try scaler.update()
                #expect(Double(scaler.scale) == scale)
            }
        }
        // Where Python's falls to 0 and ruins the weights with the next update.
        let low = try GradScaler(initScale: 1e-37)
        let parameter = parameters()[0]
        for _ in 0..<20 {
            parameter.gradient = Tensor.full([5], Double.nan, dtype: .float32)
            try low.step(sgd(parameter, 1))
            try low.update()
        }
        parameter.gradient = Tensor.full([5], 0, dtype: .float32)
        #expect(try low.step(sgd(parameter, 1)))
        #expect(parameter.tensor.floats() == [-1, -0.5, 0, 0.5, 1])
    }

    @Test func `a state goes on in another scaler`() throws {
        let first = try GradScaler(initScale: 512, growthFactor: 3, backoffFactor: 0.25, growthInterval: 7)
        let parameter = parameters()[0]
        let optimizer = sgd(parameter, 0)
        for _ in 0..<3 {
            parameter.gradient = Tensor.full([5], 1, dtype: .float32)
            try first.step(optimizer)
            try first.update()
        }
        let second = GradScaler()
        try second.load(.object(first.state))
        #expect(second.state == first.state && second.growthTracker == 3 && second.scale == 512)
        for (key, value) in [
            ("scale", JSONValue.null), ("scale", 0), ("scale", -1), ("scale", 1e300), ("scale", "big"),
            ("growth_factor", 1),
            ("growth_factor", .null), ("backoff_factor", 1), ("backoff_factor", 0), ("growth_interval", 0),
            ("growth_interval", 2.5), ("growth_interval", 1e30), ("_growth_tracker", -1), ("_growth_tracker", 7),
            ("_growth_tracker", 1.5),
        ] as [(String, JSONValue)] {
            var state = first.state
            state[key] = value
            let error = try #require(throws: OptimizerError.self, "\(key)") { try second.load(.object(state)) }
            #expect(error.message.contains(key) && error.location.key == key && error.remedy != nil, "\(error)")
            #expect(second.state == first.state)
        }
        #expect(throws: OptimizerError.self) { try second.load([1]) }
        #expect(throws: OptimizerError.self) { try GradScaler(initScale: .infinity) }
        #expect(throws: OptimizerError.self) { try GradScaler(initScale: 1, growthFactor: 0.5) }
    }

    @Test func `calls in a wrong order are errors`() throws {
        let scaler = GradScaler()
        let parameter = parameters()[0]
        let optimizer = sgd(parameter, 0)
        parameter.gradient = Tensor.full([5], 65536, dtype: .float32)
        #expect(throws: OptimizerError.self) { try scaler.update() }
        try scaler.unscale(optimizer)
        #expect(parameter.gradient?.floats() == [1, 1, 1, 1, 1])
        #expect(throws: OptimizerError.self) { try scaler.unscale(optimizer) }
        try scaler.step(optimizer)
        #expect(throws: OptimizerError.self) { try scaler.step(optimizer) }
        #expect(throws: OptimizerError.self) { try scaler.unscale(optimizer) }
        // None of them has divided once more.
        #expect(parameter.gradient?.floats() == [1, 1, 1, 1, 1])
        try scaler.update()
        try scaler.unscale(optimizer)
        let accelerator = try Accelerator(group: nil, cpu: true)
        accelerator.scaler = scaler
        _ = try accelerator.prepare(optimizer)
        let error = try #require(throws: TrainingError.self) { try accelerator.backward(parameter.tensor.sum()) }
        #expect(error.message.contains("unscaled"))
    }

    @Test func `float16 is refused on a CPU, with bfloat16 as the way out`() throws {
        let error = try #require(throws: TrainingError.self) {
            try Accelerator(group: nil, mixedPrecision: .fp16, cpu: true)
        }
        #expect(error.message.contains("fp16") && error.remedy?.contains("bf16") == true)
        #expect(error.commandLineRemedy?.contains("--bf16") == true)
        for change in [
            {
                $0.fp16 = true; $0.useCPU = true
            },
            {
                $0.fp16 = true; $0.bf16 = true
            },
            {
                $0.tf32 = true; $0.useCPU = true
            },
            {
                $0.fp16FullEval = true; $0.bf16FullEval = true
            },
            {
                $0.autoFindBatchSize = true; $0.maxTokensPerBatch = 100
            },
        ] as [(inout TrainingArguments) -> Void] {
            var args = TrainingArguments("unused")
            change(&args)
            let error = try #require(throws: TrainingError.self) { try args.validate() }
            #expect(
                error.location.option != nil && error.remedy != nil && error.commandLineRemedy?.contains("--") == true)
        }
        // To switch it off is no news to a CPU.
        var args = TrainingArguments("unused")
        (args.tf32, args.useCPU) = (false, true)
        try args.validate()
    }

    /// Scaled by powers of two, results are the same to the bit, but for the updates that are left out.
    @Test func `a scaled training is the unscaled one`() throws {
        func train(
            _ scale: Double?, overflowAt: Set<Int> = [], in folder: String? = nil, from resume: ResumePoint? = nil,
            optim: OptimizerName = .adamwTorchFused
        ) throws -> Trainer {
            let overflow = Overflow(overflowAt)
            let trainer = try tinyTrainer(
                {
                    $0.outputDir = folder ?? "unused"
                    $0.saveStrategy = folder == nil ? .no : .steps
                    $0.saveSteps = 4
                    $0.maxSteps = 8
                    $0.optim = optim
                    $0.kernels = .reference
                }, callbacks: [overflow])
            overflow.parameters = trainer.model.parameters()
            if let scale { trainer.accelerator.scaler = try GradScaler(initScale: scale, growthInterval: 3) }
            try trainer.train(resumeFrom: resume)
            return trainer
        }
        func logs(_ trainer: Trainer, _ name: String) -> [Double] {
            trainer.state.logHistory.compactMap { $0[name]?.double }
        }
        func values(_ trainer: Trainer) -> [[Float]] { weights(trainer).map(\.values) }
        let (plain, scaled) = try (train(nil), train(65536))
        #expect(logs(plain, "loss") == logs(scaled, "loss") && logs(plain, "loss").count == 8)
        #expect(logs(plain, "grad_norm") == logs(scaled, "grad_norm"))
        #expect(values(plain) == values(scaled))
        #expect(scaled.accelerator.scaler?.scale == 262144)

        // Updates 1 and 4 are left out. The fused optimizer's schedule goes on all the same, as in Python.
        let fused = try train(65536, overflowAt: [1, 4])
        #expect(fused.accelerator.scaler?.scale == 32768 && fused.accelerator.scaler?.growthTracker == 0)
        #expect(logs(fused, "grad_norm").indices.filter { !logs(fused, "grad_norm")[$0].isFinite } == [1, 4])
        #expect(logs(fused, "learning_rate") == logs(plain, "learning_rate"))
        #expect(values(fused) != values(plain) && values(fused).allSatisfy { $0.allSatisfy(\.isFinite) })
        let waiting = try train(65536, overflowAt: [1, 4], optim: .adamwTorch)
        let rates = logs(plain, "learning_rate")
        #expect(logs(waiting, "learning_rate") == [0, 1, 1, 2, 3, 3, 4, 5].map { rates[$0] })

        let folder = try TemporaryDirectory()
        let whole = try train(65536, overflowAt: [5], in: folder.path)
        let checkpoint = FileSystem.join(folder.path, "checkpoint-4")
        let state = try JSONValue(contentsOf: FileSystem.join(checkpoint, "scaler.json"))
        #expect(state["scale"]?.double == 131072 && state["_growth_tracker"] == 1 && state["growth_interval"] == 3)
        let resumed = try train(1, overflowAt: [5], in: folder.path, from: .path(checkpoint))
        #expect(values(resumed) == values(whole))
        #expect(resumed.accelerator.scaler?.state == whole.accelerator.scaler?.state)
    }

    @Test func `an accelerator saves its scale`() throws {
        let temporary = try TemporaryDirectory()
        let folder = FileSystem.join(temporary.path, "state")
        let accelerator = try Accelerator(group: nil, cpu: true)
        accelerator.scaler = try GradScaler(initScale: 1024, growthInterval: 5)
        let parameter = parameters()[0]
        let optimizer = try accelerator.prepare(sgd(parameter, 0))
        parameter.gradient = Tensor.full([5], 1, dtype: .float32)
        optimizer.step()
        let saved = accelerator.scaler?.state
        try accelerator.saveState(folder)
        #expect(FileSystem.exists(FileSystem.join(folder, "scaler.json")))
        accelerator.scaler = GradScaler()
        try accelerator.loadState(folder)
        #expect(accelerator.scaler?.state == saved && saved?["_growth_tracker"] == 1)
    }
}

/// Makes a gradient infinite before the backward pass of some updates adds to it.
private final class Overflow: TrainerCallback {
    private let steps: Set<Int>
    var parameters: [Parameter] = []

    init(_ steps: Set<Int>) { self.steps = steps }

    func onStepBegin(_ state: TrainerState, _ control: inout TrainerControl) {
        guard steps.contains(state.globalStep), let parameter = parameters.last else { return }
        parameter.gradient = Tensor.full(parameter.shape, Double.infinity, dtype: .float32)
    }
}
