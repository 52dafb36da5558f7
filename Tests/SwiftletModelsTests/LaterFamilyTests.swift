import SwiftletModels
import SwiftletTensor
import SwiftletTestSupport
import Testing

extension ModelTests {
    /// ALBERT, DeBERTa and ModernBERT.
    @Suite struct LaterFamilyTests {
        @Test(arguments: ["albert", "deberta", "deberta-v2", "deberta-v3", "modernbert"])
        func `everything that a family does`(name: String) throws {
            try FamilyBattery(name).run()
        }
    }
}
