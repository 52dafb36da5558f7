import ArgumentParser
import Swiftlet
import SwiftletIO

struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print versions, devices, threads and caches.")

    func run() throws {
        let folders = CacheFolders()
        print("swiftlet        \(swiftletVersion)")
        print("libtorch        \(torchVersion)")
        print("devices         cpu\(Device.isCUDAAvailable ? ", cuda" : "")")
        print("threads         \(threadCount)")
        print("hub cache       \(folders.hub.shown())")
        print("datasets cache  \(folders.datasets.shown())")
    }
}
