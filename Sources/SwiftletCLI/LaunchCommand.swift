import ArgumentParser
import Swiftlet
import SwiftletCommandLine

struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        CommandTitles.Launch.self,
        discussion: """
            swiftlet launch --nproc-per-node 2 -- train --model M --dataset D --output-dir O

            On several machines, run it on each, with --nnodes, --node-rank and --master-addr. torchrun --no-python, \
            accelerate, srun and mpirun start the processes just as well.
            """)

    @Option(help: "Processes on this machine.") var nprocPerNode = 1
    @Option(help: "Machines.") var nnodes = 1
    @Option(help: "Which of the machines this is, from 0.") var nodeRank = 0
    @Option(help: "Address of the machine with --node-rank 0.") var masterAddr: String?
    @Option(help: "Port there; by default a free one, with several machines 29500.") var masterPort: Int?
    @Option(help: "How often to start all processes again, from the last checkpoint, after one has failed.")
    var maxRestarts = 0
    @Option(
        help: """
            Seconds that the others have to say what they miss, after one has failed; then they are made to end. By \
            default 5 and half a second for each process, at most 30.
            """)
    var gracePeriod: Int?
    @Argument(parsing: .postTerminator, help: "A command of swiftlet with its options, or a program.")
    var command: [String]

    func validate() throws {
        // No machine can train with more processes; to start them would bring it to a stop.
        for (name, value, range) in [
            ("--nproc-per-node", nprocPerNode, 1...1024), ("--nnodes", nnodes, ProcessEnvironment.processCounts),
            ("--node-rank", nodeRank, 0...ProcessEnvironment.processCounts.upperBound),
            ("--max-restarts", maxRestarts, 0...1_000_000), ("--grace-period", gracePeriod ?? 0, 0...1_000_000),
        ] where !range.contains(value) {
            throw ValidationError("\(name) is \(value); it must be from \(range.lowerBound) to \(range.upperBound).")
        }
        guard ProcessEnvironment.processCounts.contains(nprocPerNode * nnodes) else {
            throw ValidationError(
                "--nproc-per-node \(nprocPerNode) on --nnodes \(nnodes) are \(nprocPerNode * nnodes) processes; there may be "
                    + "\(ProcessEnvironment.processCounts.upperBound) in all.")
        }
        guard nodeRank < nnodes else { throw ValidationError("--node-rank is \(nodeRank) of --nnodes \(nnodes).") }
        guard nnodes == 1 || masterAddr != nil else {
            throw ValidationError(
                "With --nnodes \(nnodes), give --master-addr, the address of the machine with --node-rank 0.")
        }
        if let masterPort, !(1...65535 ~= masterPort) { throw ValidationError("--master-port is \(masterPort).") }
        guard !command.isEmpty else { throw ValidationError("Give a command after --, such as: -- train --model ...") }
    }

    func run() throws {
        var launcher = Launcher(try resolved())
        launcher.processesPerNode = nprocPerNode
        launcher.nodeCount = nnodes
        launcher.nodeRank = nodeRank
        launcher.masterHost = masterAddr
        launcher.masterPort = masterPort.map(UInt16.init)
        launcher.maxRestarts = maxRestarts
        launcher.grace = gracePeriod.map { .seconds($0) }
        try launcher.run()
    }

    /// `train ...` and `swiftlet train ...` are this program.
    private func resolved() throws -> [String] {
        let own = ProgramProcess.path ?? CommandLine.arguments[0]
        let commands = SwiftletCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
        guard let first = command.first else { return [] }
        if first == "swiftlet" { return [own] + command.dropFirst() }
        return commands.contains(first) ? [own] + command : command
    }
}
