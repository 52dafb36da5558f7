import SwiftletIO

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Which of several processes this one is, and where they meet: what torchrun, accelerate, `swiftlet launch`, SLURM's
/// srun and MPI's launchers say in the environment.
public struct ProcessEnvironment: Sendable, Equatable {
    /// Of all processes, from 0.
    public var rank = 0
    /// Processes in all.
    public var size = 1
    /// Among the processes of this machine.
    public var localRank = 0
    /// Processes of this machine.
    public var localSize = 1
    /// Where the store is.
    public var masterHost = "127.0.0.1"
    /// The store's port, on `masterHost`.
    public var masterPort: UInt16 = 29500
    /// The launcher keeps the store; otherwise rank 0 does.
    public var launcherKeepsStore = false
    /// Where rank 0 says at which port it keeps the store, if the launcher doesn't. Only on one machine.
    public var portFile: String?
    /// How often the launcher has started all processes before.
    public var restartCount = 0
    /// Tells one start of a launcher from all others, and stays the same when it starts all processes again; `nil` where
    /// no launcher says so.
    public var launchID: String?

    /// How many processes there may be. A larger number is a mistake; the run would wait for ranks that nobody starts.
    package static let processCounts = 1...65_536

    /// One process by itself.
    public init() {}

    /// Reads the environment of this process.
    public static func current() throws(ProcessError) -> ProcessEnvironment {
        try ProcessEnvironment { name in getenv(name).map { String(cString: $0) } }
    }

    /// - Throws: `ProcessError` that names the variable which is missing or makes no sense.
    public init(_ variable: (String) -> String?) throws(ProcessError) {
        let isSLURM = variable("SLURM_STEP_ID") != nil && variable("WORLD_SIZE") == nil
        func number(
            _ names: String..., slurm: String..., in range: ClosedRange<Int> = 0...Int(Int32.max)
        ) throws(ProcessError) -> Int? {
            for name in names + (isSLURM ? slurm : []) {
                guard let text = variable(name), !text.isEmpty else { continue }
                guard let value = Int(text), range.contains(value) else {
                    throw ProcessError(
                        "the environment variable \(name) is '\(text.shown())', which is no whole number from "
                            + "\(range.lowerBound) to \(range.upperBound)",
                        remedy: "Start the processes with a launcher, such as swiftlet launch, which sets it.",
                        kind: .environment, at: ErrorLocation(option: name))
                }
                return value
            }
            return nil
        }
        // In a batch script outside srun, SLURM's variables describe the whole job, but there is only one process.
        let size = try number(
            "WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", slurm: "SLURM_STEP_NUM_TASKS",
            in: Self.processCounts)
        let rank = try number("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK", slurm: "SLURM_PROCID")
        guard let size else {
            guard variable("RANK") == nil else {
                throw ProcessError(
                    "RANK is set, but not WORLD_SIZE", remedy: "Set both, or start with 'swiftlet launch'.",
                    kind: .environment, at: ErrorLocation(option: "WORLD_SIZE"))
            }
            return
        }
        if size == 1, rank == nil { return }
        guard let rank else {
            throw ProcessError(
                "WORLD_SIZE is \(size), but RANK is not set", remedy: "Start the processes with 'swiftlet launch'.",
                kind: .environment, at: ErrorLocation(option: "RANK"))
        }
        guard rank < size else {
            throw ProcessError(
                "RANK is \(rank) of WORLD_SIZE \(size)", remedy: "Ranks are 0 to WORLD_SIZE - 1.", kind: .environment,
                at: ErrorLocation(option: "RANK"))
        }
        self.size = size
        self.rank = rank
        localRank =
            try number(
                "LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK",
                slurm: "SLURM_LOCALID") ?? 0
        let tasks = isSLURM ? variable("SLURM_STEP_TASKS_PER_NODE").flatMap(Self.firstNumber) : nil
        localSize =
            try number(
                "LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_LOCAL_SIZE",
                in: Self.processCounts)
            ?? tasks ?? 1
        launcherKeepsStore = variable("TORCHELASTIC_USE_AGENT_STORE") == "True"
        restartCount = try number("TORCHELASTIC_RESTART_COUNT") ?? 0
        if let id = variable("SWIFTLET_LAUNCH_ID"), !id.isEmpty {
            launchID = id
        } else if let file = variable("TORCHELASTIC_ERROR_FILE"), let attempt = Self.folderOfAttempt(file) {
            // torchrun makes a folder of a random name for each launch, and in it one for each start of all processes.
            let folder = attempt.split(separator: "/").dropLast().joined(separator: "/")
            launchID = "\(variable("TORCHELASTIC_RUN_ID") ?? ""):\(folder)"
        }
        guard size > 1 else { return }

        let nodes = variable("SLURM_STEP_NODELIST") ?? variable("SLURM_NODELIST")
        if let host = variable("MASTER_ADDR"), !host.isEmpty {
            masterHost = host
        } else if isSLURM, let host = nodes.flatMap(Self.firstHost) {
            masterHost = host
        } else if localSize < size {
            throw ProcessError(
                "MASTER_ADDR is not set, so the \(size) processes don't know where to meet",
                remedy: "Set it to the address of the machine of rank 0.", kind: .environment,
                at: ErrorLocation(option: "MASTER_ADDR"))
        }
        let port = try number("MASTER_PORT")
        if port == 0, launcherKeepsStore, localSize == size, let file = variable("TORCHELASTIC_ERROR_FILE"),
            let folder = Self.folderOfAttempt(file)
        {
            // torchrun takes a free port for its store, and tells its processes 0.
            launcherKeepsStore = false
            masterPort = 0
            portFile = "\(folder)/swiftlet-port"
            return
        }
        guard port.map({ 1...65535 ~= $0 }) ?? true else {
            throw ProcessError(
                "MASTER_PORT is \(port ?? 0), which is no port",
                remedy: "Give the launcher one from 1 to 65535, or none.", kind: .environment,
                at: ErrorLocation(option: "MASTER_PORT"))
        }
        // Two jobs on one machine must not meet at one port.
        let job = try number(slurm: "SLURM_JOB_ID", "SLURM_JOBID").map { 15_000 + $0 % 40_000 }
        masterPort = UInt16(port ?? job ?? 29500)
    }

    /// The folder that torchrun makes for one start of all processes, from a file in that of one process:
    /// `.../attempt_0/1/error.json`.
    private static func folderOfAttempt(_ file: String) -> String? {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count > 3 ? parts.dropLast(2).joined(separator: "/") : nil
    }

    /// The first host of SLURM's short form: `gpu[03-05,9],login` is gpu03, gpu04, gpu05, gpu9 and login.
    package static func firstHost(_ list: String) -> String? {
        guard let open = list.firstIndex(of: "["), !list[..<open].contains(",") else {
            return list.split(separator: ",").first.map(String.init)
        }
        let inside = list[list.index(after: open)...].prefix { $0 != "]" }
        guard let first = inside.split(whereSeparator: { $0 == "," || $0 == "-" }).first else { return nil }
        return String(list[..<open] + first)
    }

    /// 4 of `4(x2),3`.
    static func firstNumber(_ text: String) -> Int? { Int(text.prefix { $0.isASCII && $0.isNumber }) }
}
