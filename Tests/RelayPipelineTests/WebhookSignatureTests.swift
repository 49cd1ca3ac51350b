import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct WebhookSignatureTests {
  private let secret = SigningSecret(key: Array("0123456789abcdef01234567".utf8))
  private var verifier: WebhookVerifier { .secret(secret.revealKey) }
  private let body = Array(#"{"test": 2432232314}"#.utf8)

  /// Computed with `openssl dgst -sha256 -hmac 0123456789abcdef01234567 -binary | base64`.
  @Test func itIsTheHMACOfIDTimestampAndBody() {
    let header = WebhookSignature.header(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: body, secrets: [secret])
    #expect(header == "v1,d5PJaLhU6hQf9TLleqdn97PBQffdITHtAOuMMHkRQ4U=")
  }

  @Test func eachSecretSignsAndAnyOneVerifies() {
    let other = SigningSecret(key: Array("another-key-of-24-bytes!".utf8))
    let header = WebhookSignature.header(id: "evt_1", timestamp: 7, body: body, secrets: [other, secret])
    #expect(header.split(separator: " ").count == 2)
    for key in [secret, other] {
      #expect(
        WebhookSignature.verifies(
          header: header, id: "evt_1", timestamp: 7, body: body, by: .secret(key.revealKey)))
    }
    #expect(!WebhookSignature.verifies(header: header, id: "evt_2", timestamp: 7, body: body, by: verifier))
    #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 8, body: body, by: verifier))
    #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 7, body: [], by: verifier))
  }

  /// The key and the signature were made with another implementation (`cryptography` of PyPI): the seed is 0, 1, 2 … 31.
  private static let ed25519 = SigningSecret(ed25519Seed: Array(0..<32))
  private static let publicKey = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="

  @Test func anEd25519SecretSignsTheSameContentAsV1a() throws {
    let header = WebhookSignature.header(
      id: "evt_1", timestamp: 1_700_000_000, body: body, secrets: [Self.ed25519])
    #expect(
      header
        == "v1a,r5PPzGs9mZkRMCFUyTjM6DhrJwCzDq95fN8+xNgMGxqywg9nAdxnvOjao+y7MAdSMUGzUbGW5e+DrQ52jyHsDg==")
    #expect(header.utf8.count == SigningSecret.Scheme.ed25519.signatureBytes)
    #expect(try #require(WebhookVerifier(of: Self.ed25519)).publicKeyText == Self.publicKey)
  }

  @Test func aListMayMixBothSchemesAndEachVerifiesItsOwn() throws {
    let header = WebhookSignature.header(
      id: "evt_1", timestamp: 7, body: body, secrets: [secret, Self.ed25519])
    #expect(header.split(separator: " ").map { $0.prefix { $0 != "," } } == ["v1", "v1a"])
    let halves = [verifier, try #require(WebhookVerifier(encoded: Self.publicKey))]
    for half in halves {
      #expect(WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 7, body: body, by: half))
      #expect(!WebhookSignature.verifies(header: header, id: "evt_2", timestamp: 7, body: body, by: half))
      #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 8, body: body, by: half))
      #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 7, body: [], by: half))
    }
    let other = WebhookVerifier.publicKey([UInt8](repeating: 9, count: 32))
    #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 7, body: body, by: other))
    for broken in ["v1a,", "v1a,AAAA", "v1a,!", "v1a", ""] {
      #expect(
        !WebhookSignature.verifies(header: broken, id: "evt_1", timestamp: 7, body: body, by: halves[1]))
    }
  }

  @Test(arguments: [
    "", "whpk_", "whpk_AAAA", "whsec_AAAA", "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbh0AA==",
  ])
  func whatIsNeitherASecretNorAPublicKeyVerifiesNothing(text: String) {
    #expect(WebhookVerifier(encoded: text) == nil)
  }

  @Test func aSecretIsNotShownAndAPublicKeyIs() throws {
    #expect("\(verifier) \(String(reflecting: verifier))" == "[secret] [secret]")
    #expect("\(try #require(WebhookVerifier(encoded: Self.publicKey)))" == Self.publicKey)
  }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
  func base64IsTheRFCs(text: String, expected: String) {
    #expect(Base64.text(Array(text.utf8)) == expected)
  }

  @Test func comparingInConstantTimeStillCompares() {
    #expect([1, 2, 3].equalsInConstantTime([1, 2, 3]))
    #expect(![1, 2, 3].equalsInConstantTime([1, 2, 4]))
    #expect(![1, 2, 3].equalsInConstantTime([1, 2]))
  }
}
