import Logging
import SwiftletCheckpoints
import SwiftletDistributed
import SwiftletIO
import SwiftletModels
import SwiftletNN
import SwiftletTensor

extension Accelerator {
    private static let format = 1

    /// Writes everything that was prepared, and every process's random state, to a folder.
    ///
    /// All processes call it; the main process writes. A state of that name is replaced only when the new one is whole.
    /// Files beside it stay.
    /// Anything else of that name is kept as `folder.old-1`, with a warning.
    public func saveState(_ folder: String) throws {
        let random = try ofAll(randomState: SwiftletTensor.Generator.default.state)
        let ofDevice = device == .cpu ? [] : try ofAll(randomState: SwiftletTensor.Generator.default(on: device).state)
        let states = try optimizers.map { try wholeState(of: $0) }
        try onMain {
            var folder = folder
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
            let temporary = "\(folder).swiftlet-writing"
            try FileSystem.recoverDirectory(folder)
            try FileSystem.remove(temporary)
            try FileSystem.createDirectory(temporary)
            func file(_ name: String, _ index: Int = 0, _ ending: String) -> String {
                FileSystem.join(temporary, Self.fileName(name, index, ending))
            }
            for (index, model) in models.enumerated() {
                try Safetensors.write(
                    model.parameters().map { ($0.name, $0.tensor.detach()) }, metadata: ["format": "pt"],
                    to: file("model", index, "safetensors"))
            }
            for (index, state) in states.enumerated() {
                try Safetensors.write(state, metadata: [:], to: file("optimizer", index, "safetensors"))
            }
            for (index, schedule) in schedulers.enumerated() {
                try AtomicFile.write(
                    JSONValue.object(schedule.state).text(.config) + "\n", to: file("scheduler", index, "json"))
            }
            if let scaler {
                try AtomicFile.write(JSONValue.object(scaler.state).text(.config) + "\n", to: file("scaler", 0, "json"))
            }
            let epochs: JSONValue = .array(loaders.map { .int($0.epoch) })
            let state: JSONValue = ["format": .int(Self.format), "num_processes": .int(numProcesses), "epochs": epochs]
            try AtomicFile.write(state.text(.config) + "\n", to: file("accelerator", 0, "json"))
            var tensors = random.enumerated().map { ("process_\($0)", tensor($1)) }
            tensors += ofDevice.enumerated().map { ("device_\($0)", tensor($1)) }
            for (index, loader) in loaders.enumerated() {
                if let generator = loader.generator { tensors.append(("loader_\(index)", tensor(generator.state))) }
            }
            try Safetensors.write(tensors, metadata: [:], to: file("random_states", 0, "safetensors"))
            if !FileSystem.isTaken(folder) || Self.carryOver(from: folder, to: temporary) {
                try FileSystem.replaceDirectory(folder, with: temporary)
            } else {
                let aside = try FileSystem.replaceDirectory(folder, keepingOldBeside: temporary)
                Logger(label: "swiftlet.accelerator").warning(
                    "'\(folder)' held what saveState does not write: that is kept as '\(aside)'")
            }
        }
    }

    /// Of several models, optimizers or schedules, the others have numbers.
    private static func fileName(_ name: String, _ index: Int, _ ending: String) -> String {
        index == 0 ? "\(name).\(ending)" : "\(name)_\(index).\(ending)"
    }

    /// Gives the files that somebody has put beside a state to the state that replaces it, as they stay in Python.
    ///
    /// - Returns: `false` where the folder is no state, or holds more than files.
    private static func carryOver(from folder: String, to new: String) -> Bool {
        guard !FileSystem.isLink(folder), let names = try? FileSystem.names(in: folder) else { return false }
        let numbered = names.indices.flatMap { index in
            [("model", "safetensors"), ("optimizer", "safetensors"), ("scheduler", "json")].map { name, ending in
                fileName(name, index, ending)
            }
        }
        let known = Set(numbered + ["accelerator.json", "scaler.json", "random_states.safetensors"])
        guard names.isEmpty || names.contains("accelerator.json") else { return false }
        return names.allSatisfy { name in
            let path = FileSystem.join(folder, name)
            guard FileSystem.isRegularFile(path), !FileSystem.isLink(path) else { return false }
            return known.contains(name) || FileSystem.giveName(FileSystem.join(new, name), to: path)
        }
    }

    /// Takes over what `saveState` wrote; what was prepared must be the same, in the same order. The main process reads.
    ///
    /// Everything is read and checked before anything changes.
    ///
    /// - Throws: `TrainingError` that names the file or the parameter that does not fit; `OptimizerError`, `SchedulerError`.
    public func loadState(_ folder: String) throws {
        func path(_ name: String, _ index: Int = 0, _ ending: String) -> String {
            FileSystem.join(folder, Self.fileName(name, index, ending))
        }
        let about = try shared(text: {
            // Where nothing can be written, there is nothing to take back either.
            try? FileSystem.recoverDirectory(folder)
            return try MappedFile.text(path("accelerator", 0, "json"))
        })
        let aboutPath = path("accelerator", 0, "json")
        let fields = try CheckpointFields(try reading(aboutPath) { try JSONValue(parsing: about) }, path: aboutPath)
        guard try fields.required("format", .count) == Self.format else {
            throw TrainingError(
                "'\(folder)' holds no state that this version reads",
                remedy: "Give a folder that saveState(to:) of this version has written.", kind: .checkpoint,
                at: ErrorLocation(path: folder))
        }
        let processCount = try fields.required("num_processes", .count)
        guard processCount == numProcesses else {
            throw TrainingError(
                "'\(folder)' was written by \(processCount) processes; there are \(numProcesses)",
                remedy: "Go on with as many: each has a random state of its own.", kind: .checkpoint,
                at: ErrorLocation(path: folder))
        }
        let epochs = try fields.required("epochs", .counts)
        guard epochs.count == loaders.count else {
            throw TrainingError(
                "'\(aboutPath)' has no epochs of \(loaders.count) loaders",
                remedy: "Prepare as many loaders as when the state was written.", kind: .checkpoint,
                at: ErrorLocation(path: aboutPath))
        }
        var weights: [(parameter: Parameter, values: Tensor)] = []
        for (index, model) in models.enumerated() {
            let tensors = try shared(tensors: { try read(path("model", index, "safetensors")) })
            let known = Dictionary(tensors.map { ($0.name, $0.tensor) }) { first, _ in first }
            for parameter in model.parameters() {
                guard let values = known[parameter.name], values.shape == parameter.shape else {
                    throw TrainingError(
                        "'\(folder)' does not have '\(parameter.name)' with shape \(parameter.shape)",
                        remedy: "Load it into the model that it was written for.", kind: .checkpoint,
                        at: ErrorLocation(path: folder, tensor: parameter.name))
                }
                weights.append((parameter, values))
            }
        }
        let random = try shared(tensors: { try read(path("random_states", 0, "safetensors")) })
        for (name, state) in random {
            // Those of a GPU, which may not be here now, are checked when they are taken over.
            let isSound =
                state.dtype == .uint8
                && (name.hasPrefix("device_") || SwiftletTensor.Generator.isState(bytes(state)))
            guard isSound else {
                throw TrainingError(
                    "'\(name)' in '\(path("random_states", 0, "safetensors"))' is no state of a random generator",
                    remedy: "Use another state: this file is damaged.", kind: .checkpoint,
                    at: ErrorLocation(path: path("random_states", 0, "safetensors"), tensor: name))
            }
        }
        guard random.contains(where: { $0.name == "process_\(processIndex)" }) else {
            throw TrainingError(
                "'\(path("random_states", 0, "safetensors"))' has no state of process \(processIndex)",
                remedy: "Go on with as many processes as wrote it.", kind: .checkpoint,
                at: ErrorLocation(path: path("random_states", 0, "safetensors")))
        }
        // These change nothing where they fail, and they come before what can't fail any more.
        for (index, optimizer) in optimizers.enumerated() {
            let file = path("optimizer", index, "safetensors")
            let tensors = try shared(tensors: { try read(file) })
            try reading(file) { try takeOver(tensors, optimizer) }
        }
        for (index, schedule) in schedulers.enumerated() {
            let file = path("scheduler", index, "json")
            let text = try shared(text: { try MappedFile.text(file) })
            try reading(file) { try schedule.load(try JSONValue(parsing: text)) }
        }
        if let scaler {
            let file = path("scaler", 0, "json")
            let text = try shared(text: { try MappedFile.text(file) })
            try reading(file) { try scaler.load(try JSONValue(parsing: text)) }
        }
        for (name, state) in random {
            if name == "process_\(processIndex)" { try SwiftletTensor.Generator.default.load(state: bytes(state)) }
            if name == "device_\(processIndex)", device != .cpu {
                try SwiftletTensor.Generator.default(on: device).load(state: bytes(state))
            }
        }
        for (index, loader) in loaders.enumerated() {
            loader.epoch = epochs[index]
            if let state = random.first(where: { $0.name == "loader_\(index)" }) {
                try loader.generator?.load(state: bytes(state.tensor))
            }
        }
        noGrad { for (parameter, values) in weights { parameter.tensor.copy_(values) } }
    }

    /// What each process has, in the order of ranks.
    func ofAll(randomState own: [UInt8]) throws -> [[UInt8]] {
        try group?.allGather(bytes: own, as: "the saving of random states") ?? [own]
    }

    // MARK: One process for all

    /// Runs on the main process what may fail, such as writing; if it does, it fails on all.
    func onMain(_ body: () throws -> Void) throws {
        _ = try shared(text: {
            try body()
            return ""
        })
    }

    /// A text that only the main process has to make.
    func shared(text make: () throws -> String) throws -> String {
        guard let group else { return try make() }
        return try group.shared(text: make)
    }

    /// Tensors that only the main process has to read.
    func shared(tensors make: () throws -> [(name: String, tensor: Tensor)]) throws -> [(name: String, tensor: Tensor)]
    {
        guard let group else { return try make() }
        return try group.shared(tensors: make)
    }

    /// An optimizer's state with the parts of all processes, in the order of its parameters.
    func wholeState(of optimizer: Optimizer) throws -> [(name: String, tensor: Tensor)] {
        guard let group, optimizer.sharding != nil else { return optimizer.stateTensors() }
        var all: [String: Tensor] = [:]
        for owner in 0..<group.size {
            for (name, tensor) in try group.shared(by: owner, tensors: { optimizer.stateTensors() }) {
                all[name] = tensor
            }
        }
        let order = optimizer.groups.flatMap(\.parameters).enumerated()
        let places = Dictionary(order.map { ($1.name, $0) }) { first, _ in first }
        func place(_ name: String) -> Int { places[String(name.split(separator: "/").first ?? "")] ?? 0 }
        return all.sorted { place($0.key) == place($1.key) ? $0.key < $1.key : place($0.key) < place($1.key) }
            .map { (name: $0.key, tensor: $0.value) }
    }

    /// Gives an optimizer its state, or its part of it.
    func takeOver(_ tensors: [(name: String, tensor: Tensor)], _ optimizer: Optimizer) throws {
        guard let sharding = optimizer.sharding else { return try optimizer.loadState(tensors) }
        let own = Set(optimizer.groups.flatMap(\.parameters).filter(sharding.owns).map(\.name))
        try optimizer.loadState(tensors.filter { own.contains(String($0.name.split(separator: "/").first ?? "")) })
    }

    private func read(_ path: String) throws -> [(name: String, tensor: Tensor)] {
        let file = try SafetensorsFile(path)
        return try file.names.map { (name: $0, tensor: try file.tensor($0)) }
    }

    private func tensor(_ bytes: [UInt8]) -> Tensor {
        bytes.withUnsafeBytes { Tensor.fromBytes($0, [$0.count], .uint8) }
    }
    private func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withUnsafeBytes { [UInt8]($0) } }
}
