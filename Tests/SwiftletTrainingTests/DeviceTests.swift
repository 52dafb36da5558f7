import SwiftletDistributed
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor
import SwiftletTestSupport
import SwiftletTraining
import Testing
import TinyTraining

/// Where a model is, and that of its batches. What runs on a GPU is also checked by `Tools/checks/gpu-stand-in`.
@Suite(.oneAtATime) struct DeviceTests {
    @Test func staysOnTheCPUWhereItIsAskedTo() throws {
        let trainer = try tinyTrainer({ $0.useCPU = true })
        #expect(trainer.accelerator.device == .cpu && trainer.model.state.device == .cpu)
        #expect(trainer.args.json["use_cpu"]?.bool == true)
    }

    @Test func movesWhereItIsAskedTo() throws {
        let model = try AutoModelForSequenceClassification.fromPretrained(folder: Locations.fixture("tiny-bert"))
        try #require(model.parameters().first).isTrainable = false
        let before = model.parameters().map { ($0.tensor.floats(), $0.isTrainable) }
        let device: Device = Device.isCUDAAvailable ? .cuda() : .cpu
        model.to(device)
        #expect(model.state.device == device)
        for (parameter, before) in zip(model.parameters(), before) {
            #expect(parameter.tensor.device == device && parameter.isTrainable == before.1)
            #expect(parameter.tensor.floats() == before.0)
        }
    }

    @Test(arguments: [
        // The CPU is asked for; there is no GPU; several processes without NCCL; one process a GPU.
        (true, 2, true, 1, Device.cpu), (false, 0, true, 0, .cpu), (false, 0, true, 5, .cpu),
        (false, 2, false, 1, .cpu),
        (false, 1, true, 0, .cuda(0)), (false, 8, true, 7, .cuda(7)),
    ]) func `a process has the GPU of its number`(
        _ cpu: Bool, _ gpuCount: Int, _ hasNCCL: Bool, _ localRank: Int, _ device: Device
    ) throws {
        let found = try Accelerator.device(cpu: cpu, gpuCount: gpuCount, hasNCCL: hasNCCL, localRank: localRank)
        #expect(found == device)
    }

    @Test func `more processes than GPUs are refused`() throws {
        let error = try #require(throws: TrainingError.self) {
            try Accelerator.device(cpu: false, gpuCount: 2, hasNCCL: true, localRank: 2)
        }
        #expect(error.message.hasPrefix("LOCAL_RANK is 2, and this machine has 2 GPUs"), "\(error)")
        #expect(error.description.contains("2 processes"))
    }

    @Test func `NCCL is there where libtorch has its CUDA part, else the reason is`() {
        if ProcessGroup.hasNCCL {
            #expect(ProcessGroup.ncclState.split(separator: ".").count == 3)
        } else {
            #expect(!ProcessGroup.ncclState.isEmpty && ProcessGroup.ncclState != "unknown")
        }
        #expect(Device.isCUDAAvailable == (Device.cudaCount > 0))
    }

    @Test(.enabled(if: Device.isCUDAAvailable, "needs a GPU"))
    func trainsOnAGPUAsOnTheCPU() throws {
        let losses = try [true, false].map { usesCPU in
            var args = TrainingArguments("unused")
            args.loggingSteps = 1
            args.saveStrategy = .no
            args.useCPU = usesCPU
            // Dropout draws on the device, where the numbers are others.
            let model = try AutoModelForSequenceClassification.fromPretrained(
                folder: Locations.fixture("tiny-bert"),
                options: LoadOptions(overrides: ["hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0]))
            let trainer = try Trainer(
                model: model, args: args, trainDataset: try tinyDataset(rows: 21), dataCollator: TinyCollator())
            #expect(model.parameters().allSatisfy { $0.tensor.device.isCUDA != usesCPU })
            try trainer.train()
            return trainer.state.logHistory.compactMap { $0["loss"]?.double }
        }
        #expect(losses[0].count == 9 && zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
