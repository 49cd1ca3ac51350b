import Foundation
import RelayCore
import RelayHarness
import RelaySQLite
import RelayThreads
import RelayTools
import Testing

/// What a 200 is worth when the process dies.
@Suite struct CrashTests {
  /// The short form. CRASH_ROUNDS=10 CRASH_ENVELOPES=2000 plays the long one.
  @Test func whatWasAnswered200IsDeliveredThoughTheRelayIsKilledInMidLoad() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort(), failRate: 0.5, seed: 7)) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations:
        crm:
          url: "http://\(try await sink.start())/"
          retry: { initial: 10ms, factor: 1, max_delay: 10ms }
          circuit: { probe_every: 100ms }
      routes: [{ name: all, to: crm }]
      """)
    let promised = Promised()
    let rounds = Self.setting("CRASH_ROUNDS") ?? 3
    let envelopes = Self.setting("CRASH_ENVELOPES") ?? 150
    for round in 0..<rounds {
      let relay = try setting.start()
      let url = try #require(relay.ingestURL())
      // The kill comes when a third of this round's envelopes have been answered.
      let simulator = Simulator(
        settings: SimulatorSettings(
          url: url + "/huggy", ratePerSecond: .infinity, count: envelopes, seed: UInt64(100 + round),
          concurrency: 4, timeout: .seconds(10)),
        onEnvelope: { sent in
          if promised.note(sent, inRound: round) == envelopes / 3 { relay.send(signal: SIGKILL) }
        })
      _ = simulator.run()
      relay.send(signal: SIGKILL)
      #expect(relay.waitForExit() == 128 + SIGKILL)
    }
    let ids = promised.eventIDs
    #expect(ids.count >= rounds * envelopes / 3)

    let relay = try setting.start()
    _ = try #require(relay.ingestURL())
    #expect(received.wait { requests in ids.isSubset(of: acceptedIDs(requests)) })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    try expectNothingInvented(received.all, setting)
    await sink.stop()
  }

  private static func setting(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  private func acceptedIDs(_ requests: [SinkRequest]) -> Set<String> {
    Set(requests.lazy.filter { (200..<300).contains($0.answeredStatus) }.compactMap(\.webhookID))
  }

  /// Every request was for a stored event, and all requests with one id had one body.
  private func expectNothingInvented(_ requests: [SinkRequest], _ setting: Setting) throws {
    let stored = Set(try StoreReader(path: setting.database).eventIDs().map(\.description))
    let bodies = Dictionary(grouping: requests) { $0.webhookID ?? "" }.mapValues { Set($0.map(\.body)) }
    #expect(Set(bodies.keys).isSubset(of: stored))
    #expect(bodies.values.allSatisfy { $0.count == 1 })
  }
}

/// The ids that came with a 200.
private final class Promised: Sendable {
  private struct State: Sendable {
    var ids: Set<String> = []
    var envelopesByRound: [Int: Int] = [:]
  }

  private let state = Locked(State())

  var eventIDs: Set<String> { state.withLock(\.ids) }

  /// - Returns: How many of the round's envelopes have been answered 200.
  func note(_ sent: SentEnvelope, inRound round: Int) -> Int {
    state.withLock { state in
      guard sent.isAccepted else { return -1 }
      state.ids.formUnion(sent.eventIDs)
      state.envelopesByRound[round, default: 0] += 1
      return state.envelopesByRound[round]!
    }
  }
}
