import Foundation
import RelayCore
import RelayThreads
import RelayPipeline
import RelayTools

/// The demo's downstream services, in this process.
struct Receivers: Sendable {
  struct Receiver: Sendable {
    let name: String
    let role: String
    let sink: Sink
    let address: ListenAddress
    let record: Record

    var paddedName: String { name.padding(toLength: 10, withPad: " ", startingAt: 0) }
  }

  /// What a receiver saw.
  final class Record: Sendable {
    struct Seen: Sendable {
      var requests = 0
      /// Its requests say which events they hold: there may be several.
      var getsBatches = false
      /// Events in a request, at most.
      var mostEvents = 0
      /// Events of all the requests that it answered with 2xx, and these requests.
      var taken = (events: 0, requests: 0)
      /// Requests whose ids were not as many as their events.
      var badBatches = 0
      /// The ids of those that it answered with 2xx.
      var accepted: Set<String> = []
      var badSignatures = 0
    }

    private let seen = Locked(Seen())

    var now: Seen { seen.withLock { $0 } }

    func add(_ request: SinkRequest) {
      seen.withLock { seen in
        seen.requests += 1
        if request.signature == .bad || request.signature == .absent { seen.badSignatures += 1 }
        if request.batch != nil { seen.getsBatches = true }
        if let batch = request.batch, batch.ids.count != batch.events.count { seen.badBatches += 1 }
        guard (200..<300).contains(request.answeredStatus) else { return }
        seen.mostEvents = max(seen.mostEvents, request.eventIDs.count)
        seen.taken = (seen.taken.events + request.eventIDs.count, seen.taken.requests + 1)
        seen.accepted.formUnion(request.eventIDs)
      }
    }
  }

  let all: [Receiver]
  let secret: String

  static func start() async throws -> Receivers {
    let secret = SecretGenerator.signingSecret()
    let anyPort = ListenAddress(host: "127.0.0.1", port: 0)
    let key = WebhookVerifier(encoded: secret)
    let parts: [(String, String, SinkSettings)] = [
      ("crm", "messages of people, signed", SinkSettings(listen: anyPort, verifier: key)),
      ("billing", "closed chats; down for three seconds", SinkSettings(listen: anyPort)),
      ("bots", "flows; answers 503 to a third", SinkSettings(listen: anyPort, failRate: 0.33)),
      (
        "archive", "everything but bots' messages, slowly; up to 20 events a request",
        SinkSettings(listen: anyPort, delay: .milliseconds(50))
      ),
    ]
    var receivers: [Receiver] = []
    for (name, role, settings) in parts {
      let record = Record()
      let sink = Sink(settings: settings) { record.add($0) }
      let address = try await sink.start()
      receivers.append(Receiver(name: name, role: role, sink: sink, address: address, record: record))
    }
    return Receivers(all: receivers, secret: secret)
  }

  /// A receiver that refuses connections for a while.
  func outage(of name: String, whileDown: () -> Void) async {
    guard let receiver = all.first(where: { $0.name == name }) else { return }
    try? await Task.sleep(for: .seconds(3))
    await receiver.sink.stop()
    print("  -- \(name) is down")
    try? await Task.sleep(for: .seconds(2.5))
    whileDown()
    try? await Task.sleep(for: .seconds(0.5))
    _ = try? await receiver.sink.start()
    print("  -- \(name) is back")
  }

  func routesYAML(token: String) -> String {
    let addresses = Dictionary(uniqueKeysWithValues: all.map { ($0.name, "http://\($0.address)/") })
    return """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      store: { url: "sqlite:data/relay.db" }
      sources:
        huggy: { token: "\(token)" }
      defaults:
        retry: { initial: 250ms, max_delay: 1s }
        circuit: { probe_every: 500ms }
      destinations:
        crm: { url: "\(addresses["crm"]!)", signing_secret: "\(secret)" }
        billing: { url: "\(addresses["billing"]!)", format: event }
        bots: { url: "\(addresses["bots"]!)", format: event }
        archive: { url: "\(addresses["archive"]!)", forward_token: true, batch: { max_events: 20 } }
      routes:
        - name: no-bot-messages
          match: { event: "*Message", where: { senderType: bot } }
          drop: true
        - name: everything
          to: archive
        - name: messages
          match: { event: "*Message", where: { is_internal: { not: true } } }
          to: crm
        - name: closings
          match: { event: closedChat }
          to: billing
        - name: flows
          match: { event: "*AutomationFlow" }
          to: bots
      """
  }
}
