import ArgumentParser
import Swiftlet
import SwiftletIO

/// The choice of implementation, which every command that runs a model has.
struct KernelOptions: ArgumentOptions {
    static let section = TrainingArgument.Section.speed
    var given: [String: JSONValue] = [:]

    /// Where a model is to run that no Trainer moves.
    var device: Device { given["use_cpu"] != true && Device.isCUDAAvailable ? .cuda() : .cpu }
}
