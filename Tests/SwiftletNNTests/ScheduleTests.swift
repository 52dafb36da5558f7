import SwiftletNN
import SwiftletTestSupport
import Testing

@Suite struct ScheduleTests {
    // transformers.get_scheduler(name, SGD([p], lr=1), 2, 6): the factor at steps 0 to 6
    @Test(arguments: [
        (SchedulerType.linear, [0, 0.5, 1, 0.75, 0.5, 0.25, 0]),
        (.constant, [1, 1, 1, 1, 1, 1, 1]),
        (.constantWithWarmup, [0, 0.5, 1, 1, 1, 1, 1]),
        (.cosine, [0, 0.5, 1, 0.8535533905932737, 0.5, 0.14644660940672627, 0]),
        (.cosineWithRestarts, [0, 0.5, 1, 0.8535533905932737, 0.5, 0.14644660940672627, 0]),
        (.polynomial, [0, 0.5, 1, 0.750000025, 0.50000005, 0.250000075, 1e-7]),
        (.inverseSqrt, [0, 0.5, 1, 0.816496580927726, 0.7071067811865475, 0.6324555320336759, 0.5773502691896258]),
    ] as [(SchedulerType, [Double])])
    func `factors of every type`(type: SchedulerType, expected: [Double]) {
        let factors = (0...6).map { type.factor(step: $0, warmupSteps: 2, trainingSteps: 6, baseLearningRate: 1) }
        #expect(difference(factors, expected, absolute: 1e-12) == nil, "\(type)")
    }
}
