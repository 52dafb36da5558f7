import SwiftletDistributed
import Testing

@Suite struct ProcessEnvironmentTests {
    private func read(_ variables: [String: String]) throws -> ProcessEnvironment {
        try ProcessEnvironment { variables[$0] }
    }

    @Test func `nothing set is one process`() throws {
        #expect(try read([:]) == ProcessEnvironment())
        // A batch script of SLURM, outside srun.
        #expect(try read(["SLURM_NTASKS": "4", "SLURM_PROCID": "0"]).size == 1)
    }

    @Test func `torchrun, accelerate and swiftlet launch`() throws {
        let environment = try read([
            "RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "10.0.0.1",
            "MASTER_PORT": "1234", "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
        ])
        #expect(environment.rank == 3 && environment.size == 8)
        #expect(environment.localRank == 1 && environment.localSize == 2)
        #expect(environment.masterHost == "10.0.0.1" && environment.masterPort == 1234)
        #expect(environment.launcherKeepsStore && environment.restartCount == 2)
    }

    @Test func `torchrun with port 0, which it tells nobody`() throws {
        let variables = [
            "RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": "0", "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_ERROR_FILE": "/tmp/torchelastic_a/none_b/attempt_1/0/error.json",
        ]
        let environment = try read(variables)
        #expect(environment.portFile == "/tmp/torchelastic_a/none_b/attempt_1/swiftlet-port")
        #expect(!environment.launcherKeepsStore && environment.masterPort == 0)
        // Another machine has no such file.
        let other = try #require(throws: ProcessError.self) { try read(variables.merging(["WORLD_SIZE": "4"]) { $1 }) }
        #expect(other.message == "MASTER_PORT is 0, which is no port")
    }

    @Test func `srun`() throws {
        let environment = try read([
            "SLURM_STEP_ID": "0", "SLURM_PROCID": "5", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "1",
            "SLURM_STEP_TASKS_PER_NODE": "4(x2)", "SLURM_STEP_NODELIST": "gpu[03-04,9]", "SLURM_JOB_ID": "77",
        ])
        #expect(environment.rank == 5 && environment.size == 8)
        #expect(environment.localRank == 1 && environment.localSize == 4)
        #expect(environment.masterHost == "gpu03" && environment.masterPort == 15_077)
        #expect(ProcessEnvironment.firstHost("login,gpu[1-2]") == "login")
    }

    @Test func `mpirun`() throws {
        let open = try read([
            "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
            "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        ])
        #expect(open.rank == 1 && open.size == 2 && open.masterHost == "127.0.0.1")
        let hydra = try read([
            "PMI_RANK": "0", "PMI_SIZE": "4", "MPI_LOCALRANKID": "0", "MPI_LOCALNRANKS": "2", "MASTER_ADDR": "a",
        ])
        #expect(hydra.size == 4 && hydra.localSize == 2 && hydra.masterHost == "a")
    }

    @Test(arguments: [
        (["RANK": "0"], "WORLD_SIZE"), (["WORLD_SIZE": "2"], "RANK"), (["RANK": "2", "WORLD_SIZE": "2"], "RANK is 2"),
        (["RANK": "x", "WORLD_SIZE": "2"], "RANK is 'x'"),
        (["RANK": "0", "WORLD_SIZE": "0"], "WORLD_SIZE is '0', which is no whole number from 1 to 65536"),
        (["RANK": "0", "WORLD_SIZE": "-1"], "WORLD_SIZE is '-1'"),
        (["RANK": "0", "WORLD_SIZE": "65537"], "WORLD_SIZE is '65537'"),
        (["RANK": "0", "WORLD_SIZE": "9223372036854775807"], "WORLD_SIZE is '9223372036854775807'"),
        (["RANK": "0", "WORLD_SIZE": "9223372036854775808"], "WORLD_SIZE is '9223372036854775808'"),
        (["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "\(Int.max)"], "OMPI_COMM_WORLD_SIZE"),
        (["SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "\(Int.max)"], "SLURM_STEP_NUM_TASKS"),
        (["RANK": "9223372036854775807", "WORLD_SIZE": "2"], "RANK is '9223372036854775807'"),
        (["RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "0"], "LOCAL_WORLD_SIZE is '0'"),
        (["RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "99999999999"], "LOCAL_RANK is '99999999999'"),
        (["RANK": "0", "WORLD_SIZE": "2", "TORCHELASTIC_RESTART_COUNT": "\(Int.max)"], "TORCHELASTIC_RESTART_COUNT"),
        (["PMI_RANK": "1", "PMI_SIZE": "4", "MPI_LOCALNRANKS": "2"], "MASTER_ADDR"),
        (["RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_PORT": "70000"], "MASTER_PORT"),
    ]) func `what is missing is named`(variables: [String: String], name: String) throws {
        let error = try #require(throws: ProcessError.self) { try read(variables) }
        #expect(error.message.contains(name), "\(error.message)")
    }
}

@Suite struct RankReportTests {
    private func report(
        _ rank: Int, _ state: RankReport.State = .running, alive: Bool = true, operations: Int = 7, seconds: Double = 3,
        _ activity: String = "in the sum", ended: String = ""
    ) -> RankReport {
        RankReport(
            rank: rank, state: state, isAlive: alive, operations: operations, seconds: seconds, host: "h\(rank)",
            activity: activity, ended: ended)
    }

    private func explain(_ reports: [RankReport]) -> String {
        RankReport.explain("the sum", rank: 0, reports: reports, store: "s:1", reason: "why")
    }

    @Test func `whose end came first is told from those who followed`() {
        #expect(
            explain([
                report(0), report(1, .failed, "rank 1: the sum failed", ended: "ended with exit status 1"),
                report(2, ended: "was ended by signal 9"),
            ]) == "rank 0: the sum failed: rank 2 (h2) was ended by signal 9, last seen in the sum (why)")
        #expect(explain([report(0), report(1, alive: false)]).contains("rank 1 (h1) gives no sign of life"))
        #expect(
            explain([report(0), report(1, operations: 6, seconds: 41.5, "after the barrier")]).contains(
                "rank 1 (h1) lives, but has not come to it: 41 s ago it was after the barrier"))
        #expect(explain([report(0), report(1, .failed, "no memory")]).contains("rank 1 (h1) has failed: no memory"))
        #expect(explain([]).contains("the store at s:1 does not answer"))
    }

    @Test func `lines of the bridge`() {
        let line = "2\tr\t1\t17\t0.25\tnode, process 4\tin the sum\twas ended by signal 9"
        #expect(
            RankReport.parse("\(line)\nnonsense\n") == [
                RankReport(
                    rank: 2, state: .running, isAlive: true, operations: 17, seconds: 0.25, host: "node, process 4",
                    activity: "in the sum", ended: "was ended by signal 9")
            ])
    }
}
