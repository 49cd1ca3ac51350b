import RelayCore
import Testing

@testable import RelayTools

struct FirstConfigurationTests {
  @Test func itsPathIsHardToGuess() {
    var randomness = SystemRandomNumberGenerator()
    let paths = (0..<100).map { _ in FirstConfiguration.randomPath(using: &randomness) }
    #expect(Set(paths).count == 100)
    #expect(paths.allSatisfy { $0.wholeMatch(of: /\/huggy-[A-Za-z0-9]{22}/) != nil })
  }

  @Test func whatLooksLikeAReferenceIsNone() {
    var first = FirstConfiguration(path: "/p", destinationURL: "http://a/")
    first.token = .known(#"a"${B}"#)
    #expect(first.text.contains(##"token: "a\"$${B}""##))
    #expect(first.holdsSecrets)
    first.token = .learn
    #expect(!first.holdsSecrets && first.text.contains("\n    token: learn\n"))
    first.signingSecret = "whsec_x"
    #expect(first.holdsSecrets)
  }
}
