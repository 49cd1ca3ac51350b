import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct WebhookSignatureTests {
  private let secret = SigningSecret(key: Array("0123456789abcdef01234567".utf8))
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
      #expect(WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 7, body: body, secret: key))
    }
    #expect(!WebhookSignature.verifies(header: header, id: "evt_2", timestamp: 7, body: body, secret: secret))
    #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 8, body: body, secret: secret))
    #expect(!WebhookSignature.verifies(header: header, id: "evt_1", timestamp: 7, body: [], secret: secret))
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
