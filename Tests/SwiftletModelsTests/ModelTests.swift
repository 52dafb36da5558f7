import SwiftletTestSupport
import Testing

@Suite(.oneAtATime) enum ModelTests {}
