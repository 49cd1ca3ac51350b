import Foundation
import RelayCore
import RelayPipeline
import RelayTools
import Testing

/// What destinations check that a request is the relay's with, by the running binary.
@Suite struct SignatureTests {
  private static let shared = "whsec_" + String(repeating: "A", count: 32)
  private static let ended = "whsec_" + String(repeating: "B", count: 32)

  @Test func eachReceiverVerifiesWithWhatItHasAndWhatHasEndedCountsNoMore() async throws {
    let made = try Setting.run(["secret", "--ed25519"])
    let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let received = ["shared", "public", "ended"].map { ($0, Received()) }
    let folder = try Setting("")
    let check = { (yaml: String) throws in
      try folder.rewrite(yaml)
      return try Setting.run(["check", "--config", folder.configuration, "--public-keys"])
    }
    let destination = { (name: String, address: String) in
      """
        \(name):
          url: "http://\(address)/"
          signing_secret: [{ value: "\(Self.ended)", until: 2020-01-01T00:00:00Z }, "\(Self.shared)", "\(key)"]

      """
    }
    let known = try check(
      "sources: { huggy: {} }\ndestinations:\n" + destination("crm", "127.0.0.1:9"))
    #expect(
      known.status == 0 && known.errors.contains("signing_secret[0]: has ended at 2020-01-01T00:00:00.000Z"))
    #expect(!(known.output + known.errors).contains(key) && !known.errors.contains(Self.ended))
    let publicKey = try #require(
      known.output.split(separator: "\n").last { $0.hasPrefix("crm whpk_") }?.dropFirst("crm ".count))
    #expect(made.errors.contains("public key, for receivers: \(publicKey)\n"))

    var (sinks, yaml) = ([Sink](), "")
    for (verifier, (name, record)) in zip([Self.shared, String(publicKey), Self.ended], received) {
      let sink = Sink(
        settings: SinkSettings(listen: anyPort(), verifier: WebhookVerifier(encoded: verifier))
      ) { record.note($0) }
      yaml += destination(name, "\(try await sink.start())")
      sinks.append(sink)
    }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: { token: [{ value: old, until: 2020-01-01T00:00:00Z }, new] } }
      destinations:
      \(yaml)routes: [{ name: all, to: [shared, public, ended] }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let body = { (token: String) in Array(#"{"messages":{"a":[{"id":1}]},"token":"\#(token)"}"#.utf8) }
    #expect(try post(body("old"), to: url + "/huggy").status == 401)
    #expect(try post(body("new"), to: url + "/huggy").status == 200)
    for (name, record) in received {
      #expect(record.wait { $0.count == 1 })
      #expect(record.all.map(\.signature) == [name == "ended" ? .bad : .ok], "\(name)")
    }
    #expect(
      relay.log.contains { $0.contains("sources.huggy.token[0]: has ended at 2020-01-01T00:00:00.000Z") })
    #expect(!relay.log.contains { $0.contains(key) || $0.contains(Self.ended) || $0.contains(Self.shared) })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    for sink in sinks { await sink.stop() }
  }
}
