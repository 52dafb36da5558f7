import ArgumentParser
import Swiftlet

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env", abstract: "Print versions, devices, threads and caches.")

    func run() throws {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let home = variable("HF_HOME") ?? FileSystemHome.cache
        print("swiftlet   \(swiftletVersion)")
        print("libtorch   \(torchVersion)")
        print("devices    cpu\(Device.isCUDAAvailable ? ", cuda" : "")")
        print("threads    \(threadCount)")
        print("hub cache  \(variable("HF_HUB_CACHE") ?? "\(home)/hub")")
    }
}

enum FileSystemHome {
    static var cache: String {
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let base = getenv("XDG_CACHE_HOME").map { String(cString: $0) } ?? "\(home)/.cache"
        return "\(base)/huggingface"
    }
}
