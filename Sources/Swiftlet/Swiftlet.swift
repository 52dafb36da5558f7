// One import for everything, the types of other packages that signatures here name included.
@_exported public import Logging
@_exported public import SwiftletCheckpoints
@_exported public import SwiftletDatasets
@_exported public import SwiftletDistributed
@_exported public import SwiftletHub
@_exported public import SwiftletIO
@_exported public import SwiftletMetrics
@_exported public import SwiftletModels
@_exported public import SwiftletNN
@_exported public import SwiftletReports
@_exported public import SwiftletRunLog
@_exported public import SwiftletTasks
@_exported public import SwiftletTensor
@_exported public import SwiftletTokenizers
@_exported public import SwiftletTraining
