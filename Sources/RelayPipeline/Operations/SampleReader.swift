import RelayCore
import RelayJSON
import RelaySystem

/// Takes an envelope apart as the receiver does, and stores nothing: the events that a destination is tried with.
struct SampleReader {
  private let configuration: Configuration
  private let clock: any SteadyClock

  init(_ configuration: Configuration, clock: any SteadyClock) {
    self.configuration = configuration
    self.clock = clock
  }

  /// In the document's order, each with an id of its own.
  ///
  /// - Throws: What the receiver would refuse it for.
  func events(of body: [UInt8]) throws(Refusal) -> [Event] {
    let rules = IngestRules(configuration, metrics: RelayMetrics(configuration))
    let scanned: ScannedEnvelope
    do throws(ScanError) {
      scanned = try rules.scanner.scan(body)
    } catch {
      throw Refusal(error, in: body)
    }
    guard let (source, sender) = try sender(of: scanned, body),
      let entrance = rules.entrance(named: source.name)
    else { return [] }
    let request = IngestRequest(
      path: source.path, body: body, origin: NoOrigin(), manner: .byHand(again: false),
      entrance: entrance, rules: rules, clock: clock, completion: { _ in })
    let split = SplitEnvelope(
      scanned, from: sender, request: request, ids: Receiver.ids(from: SystemRandomness()))
    var events: [Event] = []
    split.forEachEvent { placed in
      events.append(split.event(placed))
      return true
    }
    return events
  }

  /// The source whose token it holds, else the first.
  private func sender(of envelope: ScannedEnvelope, _ body: [UInt8]) throws(Refusal) -> (Source, Sender)? {
    for source in configuration.sources where !source.tokens.isEmpty {
      if let sender = try? Sender(envelope, body: body, source: source, at: clock.reading().wall),
        sender.handshakeToken == nil
      {
        return (source, sender)
      }
    }
    guard let first = configuration.sources.first else { return nil }
    return (first, try Sender(byHand: envelope, body: body, source: first))
  }
}
