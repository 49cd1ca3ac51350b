import Foundation
import RelayCore
import RelayPipeline
import Testing

@testable import RelayTools

@Suite struct SecretTests {
  @Test func aNewSecretCanBeReadBack() throws {
    let text = SecretGenerator.signingSecret()
    #expect(text.hasPrefix("whsec_"))
    let key = try #require(SigningSecret(encoded: text)).revealKey
    #expect(key.count == 32)
    #expect(Data(key) == Data(base64Encoded: String(text.dropFirst(6))))
  }

  @Test func noTwoSecretsAreEqual() {
    #expect(SecretGenerator.signingSecret() != SecretGenerator.signingSecret())
  }

  @Test(arguments: 24...64)
  func everyAllowedSizeIsRead(size: Int) {
    let key = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
    let text = Base64.text(key)
    #expect(SigningSecret(encoded: "whsec_\(text)")?.revealKey == key)
    #expect(SigningSecret(encoded: "whsec_\(text.filter { $0 != "=" })")?.revealKey == key)
  }

  @Test(arguments: [
    "", "whsec_", Base64.text(Array(repeating: 1, count: 32)),
    "whsec_" + Base64.text(Array(repeating: 1, count: 23)),
    "whsec_" + Base64.text(Array(repeating: 1, count: 65)), "whsec_" + String(repeating: "A", count: 33),
    "whsec_" + String(repeating: "A", count: 31) + "-", "whsec_" + String(repeating: "A", count: 32) + "=",
    "whsec_" + String(repeating: "A", count: 34) + "=", "whsec_ " + String(repeating: "A", count: 32),
    "WHSEC_" + String(repeating: "A", count: 32), "whsec_" + String(repeating: "A", count: 33) + "===",
  ])
  func anythingElseIsNoSecret(text: String) {
    #expect(SigningSecret(encoded: text) == nil)
  }
}
