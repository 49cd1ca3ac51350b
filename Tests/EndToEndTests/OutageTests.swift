import Foundation
import RelayCore
import RelaySQLite
import RelayTools
import Testing

@Suite struct OutageTests {
  @Test func whatArrivesWhileADestinationIsDownIsDeliveredWhenItIsBack() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    await sink.stop()
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations:
        crm: { url: "http://\(address)/", retry: { initial: 10ms, max_delay: 50ms }, circuit: { probe_every: 100ms } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let answer = try post(Fixtures.envelope("chain-created-chat-received-message.json"), to: url + "/huggy")
    #expect(answer.status == 200)
    #expect(relay.waitForLine(containing: "attempt failed", "connection refused", "crm") != nil)
    try await sink.start()
    #expect(received.wait { $0.count == 2 })
    #expect(received.all.allSatisfy { ($0.attempt ?? 0) > 1 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let deliveries = try StoreReader(path: setting.database).deliveries()
    #expect(deliveries.map(\.state) == [.delivered, .delivered])
    await sink.stop()
  }

  @Test func aPermanentAnswerEndsInTheDeadLettersAfterOneAttempt() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(try await sink.start())/" } }
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    _ = try post(Fixtures.envelope("closed-chat.json"), to: url + "/huggy")
    #expect(relay.waitForLine(containing: "dead letter", "permanent", "status 422") != nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(received.all.count == 1)
    let delivery = try #require(try StoreReader(path: setting.database).deliveries().first)
    #expect(delivery.state == .dead)
    #expect(delivery.reason == .permanent)
    #expect(delivery.lastStatus == 422)
    await sink.stop()
  }

  @Test func aSecondRelayOnTheSameStoreIsRefusedWithAReason() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      """)
    let first = try setting.start()
    _ = try #require(first.ingestURL())
    let second = try setting.start()
    #expect(second.waitForExit() == 1)
    #expect(second.log.contains { $0.contains("in use by another huggy-relay (process \(first.processID))") })
    first.send(signal: SIGTERM)
    #expect(first.waitForExit() == 0)
  }

  @Test func noSecretIsInTheLog() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort(), status: 500)) { _ in }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: { token: s3cret-token } }
      destinations:
        crm:
          url: "http://\(try await sink.start())/s3cret-url"
          auth: { bearer: s3cret-bearer }
          headers: { X-Key: s3cret-header }
          signing_secret: whsec_czNjcmV0LXNpZ25pbmctc2VjcmV0LTEyMzQ1Njc4
      routes: [{ name: all, to: crm }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    _ = try post(
      Array(#"{"messages":{"closedChat":[{"id":1,"x":"s3cret-body"}]},"token":"s3cret-token"}"#.utf8),
      to: url + "/huggy")
    _ = try post(
      Array(#"{"messages":{"closedChat":[{"id":1}]},"token":"s3cret-wrong"}"#.utf8), to: url + "/huggy")
    #expect(relay.waitForLine(containing: "attempt failed") != nil)
    #expect(relay.waitForLine(containing: "request refused") != nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(!relay.log.contains { $0.contains("s3cret") || $0.contains("czNjcmV0") })
    await sink.stop()
  }
}
