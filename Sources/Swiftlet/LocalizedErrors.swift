// What Foundation shows of an error: `localizedDescription`, alerts, and reports to other systems. It stands here
// because the modules below do without Foundation.
public import Foundation
import SwiftletCheckpoints
public import SwiftletDatasets
import SwiftletDistributed
public import SwiftletHub
public import SwiftletIO
public import SwiftletMetrics
public import SwiftletModels
public import SwiftletNN
public import SwiftletTasks
public import SwiftletTensor
public import SwiftletTokenizers
public import SwiftletTraining

extension SwiftletError where Self: LocalizedError {
    /// What is wrong: `message`.
    public var errorDescription: String? { message }
    /// What a caller can do about it: `remedy`.
    public var recoverySuggestion: String? { remedy }
}

extension DatasetError: LocalizedError {}
extension FileError: LocalizedError {}
extension HubError: LocalizedError {}
extension InferenceError: LocalizedError {}
extension JSONError: LocalizedError {}
extension MetricError: LocalizedError {}
extension ModelError: LocalizedError {}
extension NumberError: LocalizedError {}
extension OptimizerError: LocalizedError {}
extension PickleError: LocalizedError {}
extension ProcessError: LocalizedError {}
extension SafetensorsError: LocalizedError {}
extension SchedulerError: LocalizedError {}
extension TaskError: LocalizedError {}
extension TensorError: LocalizedError {}
extension TokenizerError: LocalizedError {}
extension TrainingError: LocalizedError {}
