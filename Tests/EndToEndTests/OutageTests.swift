import Foundation
import RelayCore
import RelayHarness
import RelaySQLite
import RelayTools
import Testing

@Suite struct OutageTests {
  @Test func whatArrivesWhileADestinationIsDownIsDeliveredWhenItIsBack() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPortOfOwnHost())) { received.note($0) }
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

  /// A rolling update: the new one is there before the old one has gone.
  @Test func aSecondRelayCanWaitUntilTheFirstLetsGoOfTheStore() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      """)
    let first = try setting.start()
    _ = try #require(first.ingestURL())
    let second = try setting.start("--wait-for-store", "60s")
    #expect(second.waitForLine(containing: "waiting for the store", "process \(first.processID)") != nil)
    first.send(signal: SIGTERM)
    #expect(first.waitForExit() == 0)
    #expect(second.ingestURL() != nil)
    second.send(signal: SIGTERM)
    #expect(second.waitForExit() == 0)
  }

  /// While it waits nothing is lost by ending it, and the one before it still works.
  @Test func aRelayThatWaitsForTheStoreIsEndedOrReloadedBySignals() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      """)
    let first = try setting.start()
    _ = try #require(first.ingestURL())
    for signal in [SIGTERM, SIGINT] {
      let second = try setting.start("--wait-for-store", "60s")
      #expect(second.waitForLine(containing: "waiting for the store") != nil)
      second.send(signal: SIGHUP)
      second.send(signal: signal)
      #expect(second.waitForExit() == 0)
      #expect(second.log.last?.contains(#""message":"stopped""#) == true)
    }
    let last = try setting.start("--wait-for-store", "60s")
    #expect(last.waitForLine(containing: "waiting for the store") != nil)
    last.send(signal: SIGHUP)
    first.send(signal: SIGTERM)
    #expect(first.waitForExit() == 0)
    #expect(last.waitForLine(containing: "reloaded: nothing has changed") != nil)
    last.send(signal: SIGTERM)
    #expect(last.waitForExit() == 0)
  }

  /// The system would end the process; and it says so by another error than that of a full disk.
  @Test func aLimitOfTheSizeOfFilesIsAFullDiskAndEndsNoProcess() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      """)
    // In blocks of 512 bytes: less than what is set aside on the disk.
    let relay = try RelayProcess(
      executable: "/bin/sh",
      arguments: [
        "-c", "ulimit -f 1600; exec \"$0\" serve --config \"$1\" --log-format json", Setting.binary,
        setting.configuration,
      ])
    let url = try #require(relay.ingestURL())
    #expect(try post(Fixtures.envelope("closed-chat.json"), to: url + "/huggy").status == 503)
    #expect(relay.waitForLine(containing: "the store takes no envelopes", "File too large") != nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  /// No 200 for what would be in no file.
  @Test func aStoreThatWasRemovedIsToldAndTakesNothing() throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    #expect(try post(Fixtures.envelope("closed-chat.json"), to: url + "/huggy").status == 200)
    #expect(unlink(setting.database) == 0)
    #expect(try post(Fixtures.envelope("agent-entered.json"), to: url + "/huggy").status == 503)
    #expect(relay.waitForLine(containing: "the store takes no envelopes", "is gone") != nil)
    #expect(try person.get("/readyz").contains("is gone"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
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
