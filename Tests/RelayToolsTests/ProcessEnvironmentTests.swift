import Foundation
import RelaySystem
import Testing

@Suite struct ProcessEnvironmentTests {
  @Test func itHasAllVariables() {
    let variables = processEnvironment()
    #expect(variables["PATH"]?.isEmpty == false)
    #expect(variables == ProcessInfo.processInfo.environment)
  }
}
