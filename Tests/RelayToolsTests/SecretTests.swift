import Foundation
import RelayCore
import RelayPipeline
import Testing

@testable import RelayTools

@Suite struct SecretTests {
  @Test func aNewSecretCanBeReadBack() throws {
    let text = SecretGenerator.signingSecret()
    #expect(text.hasPrefix("whsec_"))
    let key = try #require(Data(base64Encoded: String(text.dropFirst(6))))
    #expect(key.count == 32)
    #expect(WebhookVerifier(encoded: text) == .secret(Array(key)))
  }

  @Test func aNewPairsPublicKeyIsThatOfItsSecret() throws {
    let pair = try #require(SecretGenerator.ed25519Pair())
    #expect(pair.secret.hasPrefix("whsk_") && pair.publicKey.hasPrefix("whpk_"))
    let seed = try #require(Data(base64Encoded: String(pair.secret.dropFirst(5))))
    let secret = SigningSecret(ed25519Seed: Array(seed))
    #expect(WebhookVerifier(of: secret) == WebhookVerifier(encoded: pair.publicKey))
    #expect(SecretGenerator.ed25519Pair()?.secret != pair.secret)
  }

  @Test func noTwoSecretsAreEqual() {
    #expect(SecretGenerator.signingSecret() != SecretGenerator.signingSecret())
  }

  @Test(arguments: 24...64)
  func everyAllowedSizeIsRead(size: Int) {
    let key = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
    let text = Base64.text(key)
    #expect(WebhookVerifier(encoded: "whsec_\(text)") == .secret(key))
    #expect(WebhookVerifier(encoded: "whsec_\(text.filter { $0 != "=" })") == .secret(key))
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
    #expect(WebhookVerifier(encoded: text) == nil)
  }
}
