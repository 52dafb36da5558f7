import SwiftletIO
import SwiftletNN
import SwiftletTestSupport
import Testing

@Suite struct ScheduleTests {
    // transformers.get_scheduler(name, SGD([p], lr=1), 2, 6): the factor at steps 0 to 6
    @Test(
        arguments: [
            (SchedulerType.linear, [0, 0.5, 1, 0.75, 0.5, 0.25, 0]),
            (.constant, [1, 1, 1, 1, 1, 1, 1]),
            (.constantWithWarmup, [0, 0.5, 1, 1, 1, 1, 1]),
            (.cosine, [0, 0.5, 1, 0.8535533905932737, 0.5, 0.14644660940672627, 0]),
            (.cosineWithRestarts, [0, 0.5, 1, 0.8535533905932737, 0.5, 0.14644660940672627, 0]),
            (.polynomial, [0, 0.5, 1, 0.750000025, 0.50000005, 0.250000075, 1e-7]),
            (.inverseSqrt, [0, 0.5, 1, 0.816496580927726, 0.7071067811865475, 0.6324555320336759, 0.5773502691896258]),
        ] as [(SchedulerType, [Double])])
    func `factors of every type`(type: SchedulerType, expected: [Double]) {
        let schedule = LearningRateSchedule(type, warmupSteps: 2, trainingSteps: 6)
        let factors = (0...6).map { schedule.factor(step: $0, baseLearningRate: 1) }
        #expect(difference(factors, expected, absolute: 1e-12) == nil, "\(type)")
    }

    @Test(arguments: SchedulerType.allCases) func `every name makes its schedule`(type: SchedulerType) throws {
        var options = SchedulerOptions()
        if type == .cosineWithMinLR || type == .cosineWarmupWithMinLR { options.minLearningRateRate = 0.1 }
        if type == .warmupStableDecay { options.decaySteps = 2 }
        let optimizer = AdamW([], lr: 1)
        let scheduler = try getScheduler(
            type.rawValue, optimizer: optimizer, numWarmupSteps: 2, numTrainingSteps: 6, options: options)
        let same = LRScheduler(
            type, optimizer: AdamW([], lr: 1), warmupSteps: 2, trainingSteps: 6, options: options)
        for _ in 0..<7 {
            #expect(scheduler.lastLearningRates == same.lastLearningRates)
            scheduler.step()
            same.step()
        }
        let staysUp = [.constant, .constantWithWarmup, .reduceLROnPlateau].contains(type)
        #expect((optimizer.groups[0].learningRate == 1) == staysUp)
    }

    @Test func `a schedule that can't be made says why`() throws {
        func refused(_ name: String, warmup: Int = 0, steps: Int? = 6, lr: Double = 1) throws -> SchedulerError {
            try #require(throws: SchedulerError.self) {
                try getScheduler(
                    name, optimizer: AdamW([], lr: lr), numWarmupSteps: warmup, numTrainingSteps: steps)
            }
        }
        let unknown = try refused("liner")
        #expect(unknown.message.contains("'liner'"))
        for type in SchedulerType.allCases { #expect(unknown.remedy?.contains(type.rawValue) == true) }
        #expect(try refused("linear", steps: nil).message.contains("numTrainingSteps"))
        #expect(try refused("linear", steps: -1).message.contains("numTrainingSteps"))
        #expect(try refused("linear", warmup: -1).message.contains("numWarmupSteps"))
        #expect(try refused("cosine_with_min_lr").message.contains("min_lr"))
        #expect(try refused("polynomial", lr: 1e-8).remedy?.contains("lr_end") == true)
        #expect(throws: Never.self) { try getScheduler("constant", optimizer: AdamW([], lr: 1)) }
    }

    @Test func `a kept state that makes no sense changes nothing, and its error says what to do`() throws {
        let optimizer = AdamW([], lr: 1)
        let scheduler = LRScheduler(.linear, optimizer: optimizer, trainingSteps: 4)
        scheduler.step()
        let state = scheduler.state
        func refused(_ change: (inout JSONObject) -> Void) throws -> SchedulerError {
            var json = state
            change(&json)
            let error = try #require(throws: SchedulerError.self) { try scheduler.load(.object(json)) }
            #expect(scheduler.state == state)
            return error
        }
        for key in ["_last_lr", "base_lrs"] {
            let wrong: [JSONValue] = [
                "x", nil, 1, [:], ["x"], [nil], [-1], [.double(.nan)], [.double(.infinity)], [.double(1e300)],
            ]
            for value in wrong {
                let error = try refused { $0[key] = value }
                #expect(error.location.key == key && error.message.contains(key), "\(value.text())")
                #expect(error.remedy?.contains("another checkpoint") == true, "\(value.text())")
            }
            for value in [[], [1, 1]] as [JSONValue] {
                let error = try refused { $0[key] = value }
                #expect(error.location.key == key && error.remedy?.contains("groups") == true, "\(value.text())")
            }
        }
        for value in [-1, "x", nil, .double(0.5), .double(1e300), .int(.max)] as [JSONValue] {
            #expect(try refused { $0["last_epoch"] = value }.location.key == "last_epoch")
        }
        // Earlier versions need not have said it.
        var older = state
        older["base_lrs"] = nil
        try scheduler.load(.object(older))
        #expect(scheduler.state == state)
    }
}
