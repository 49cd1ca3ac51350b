@testable import RelayCore
import Testing

@Suite struct SecretTests {
  /// Every way in which a value could end up in a log.
  private func printouts(_ value: Any) -> String {
    var dumped = ""
    dump(value, to: &dumped)
    var printed = ""
    print(value, to: &printed)
    debugPrint(value, to: &printed)
    return "\(value) \(String(describing: value)) \(String(reflecting: value)) \(dumped) \(printed)"
  }

  private let key = Array("abcdefghijklmnopqrstuvwxyz".utf8)

  private func expectHidden(_ value: Any) {
    let printouts = printouts(value)
    #expect(!printouts.contains("hunter2"))
    // A key could show as a list of its bytes, on one line or on many.
    #expect(!printouts.contains("97, 98") && !printouts.contains("- 98\n"))
    #expect(printouts.contains("[secret]"))
  }

  @Test func whatItLooksForWouldBeFound() {
    #expect(printouts(["hunter2"]).contains("hunter2"))
    #expect(printouts(key).contains("97, 98") && printouts(key).contains("- 98\n"))
  }

  @Test func aSecretIsNeverPrinted() {
    let secret = Secret("hunter2")
    #expect(secret.reveal == "hunter2")
    #expect("\(secret)" == "[secret]")
    expectHidden(secret)
    expectHidden([secret, nil])
    expectHidden(["key": secret])
    expectHidden(Result<Secret, StoreError>.success(secret))
  }

  @Test func aSigningSecretIsNeverPrinted() {
    let secret = SigningSecret(key: key)
    #expect(secret.revealKey == key)
    expectHidden(secret)
    expectHidden([secret])
  }

  @Test func whatHoldsSecretsPrintsNone() {
    var destination = Destination(name: "crm", url: Secret("https://joe:hunter2@crm/hunter2"))
    destination.headers = [Destination.Header(name: "X-Key", value: Secret("hunter2"))]
    destination.signingSecrets = [SigningSecret(key: key)]
    destination.authorization = .bearer(Secret("hunter2"))
    expectHidden(destination)
    destination.authorization = .basic(username: "joe", password: Secret("hunter2"))
    expectHidden(destination)
    let source = Source(name: "huggy", tokens: [Source.Token(value: Secret("hunter2"), company: "1")])
    expectHidden(source)
    expectHidden(Configuration(sources: [source], destinations: [destination]))
    expectHidden(Dispatcher.Input.configure([destination]))
    expectHidden(Dispatcher.Action.changeDestinations([destination], removed: []))
  }

  @Test func secretsCompareByTheirValue() {
    #expect(Secret("a") == Secret("a") && Secret("a") != Secret("b"))
    #expect(
      SigningSecret(key: [1]) == SigningSecret(key: [1]) && SigningSecret(key: [1]) != SigningSecret(key: [2])
    )
  }

  @Test func twoAreTheSameIfEachByteIs() {
    let secret = Secret("s3cret-ä")
    #expect(secret == Secret("s3cret-ä") && secret.isSame(as: "s3cret-ä") && secret.reveal == "s3cret-ä")
    #expect(secret.hashValue == Secret("s3cret-ä").hashValue)
    for other in ["", "s", "s3cret-", "s3cret-ää", "S3cret-ä", "s3cret-a", "s3cret-äs3cret-ä"] {
      #expect(secret != Secret(other) && !secret.isSame(as: other), "\(other)")
    }
    #expect(Secret("").isEmpty && Secret("").isSame(as: "") && Secret("").reveal == "" && !secret.isEmpty)
  }

  @Test func whatIsWipedIsZero() {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64)
    defer { memory.deallocate() }
    memory.initialize(repeating: 7)
    WipedBytes.wipe(memory)
    #expect(memory.allSatisfy { $0 == 0 })
  }
}
