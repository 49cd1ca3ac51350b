import Foundation
import RelaySystem
import Testing

@Suite struct ProcessEnvironmentTests {
  @Test func itHasAllVariables() {
    // Other tests set proxies meanwhile.
    let isLeftAlone = { (variable: (key: String, value: String)) in
      !variable.key.lowercased().hasSuffix("_proxy")
    }
    let variables = processEnvironment().filter(isLeftAlone)
    #expect(variables["PATH"]?.isEmpty == false)
    #expect(variables == ProcessInfo.processInfo.environment.filter(isLeftAlone))
  }
}
