import Crypto
import Logging
import RelayCore
import RelayJSON
import RelayThreads

/// The data's path from a posted body to its answer: scan, authenticate, split, route, store, answer.
///
/// Called on the ingest's event loops; nothing here blocks. The 200 is given in the store's completion, so after
/// the sync and never before.
public final class Receiver: EnvelopeReceiver {
  /// What the configuration says to the ingest: swapped as a whole.
  struct Rules: Sendable {
    let sourcesByPath: [String: Source]
    let table: RoutingTable
    let scanner: EnvelopeScanner
    let keep: StoreSettings.Keep

    init(_ configuration: Configuration) {
      sourcesByPath = Dictionary(uniqueKeysWithValues: configuration.sources.map { ($0.path, $0) })
      table = RoutingTable(configuration.routes)
      scanner = EnvelopeScanner(fields: table.fields, maxEvents: Self.maxEvents)
      keep = configuration.store.keep
    }

    static let maxEvents = 10_000
    static let maxDeliveries = 100_000
  }

  private let rules: Locked<Rules>
  private let store: any DeliveryStore
  private let engine: DeliveryEngine
  private let clock: any WallClock
  private let ids = Locked(EventIDGenerator(randomness: SystemRandomNumberGenerator()))
  private let refusals: RefusalLog

  public init(
    configuration: Configuration, store: any DeliveryStore, engine: DeliveryEngine, clock: any WallClock,
    logger: Logger
  ) {
    rules = Locked(Rules(configuration))
    self.store = store
    self.engine = engine
    self.clock = clock
    refusals = RefusalLog(logger: logger, clock: clock)
  }

  public func accepts(path: String) -> Bool { rules.withLock { $0.sourcesByPath[path] != nil } }

  public func refused(path: String, reply: IngestReply) { refusals.note(path: path, reply) }

  public func receive(path: String, body: [UInt8], completion: @escaping @Sendable (IngestReply) -> Void) {
    let rules = rules.withLock { $0 }
    guard let source = rules.sourcesByPath[path] else { return completion(.notFound) }
    do throws(Refusal) {
      let envelope = try scan(body, rules)
      let sender = try Sender(envelope, body: body, source: source)
      if let token = sender.handshakeToken { return completion(.handshake(token)) }
      let receipt = try split(envelope, body: body, from: sender, rules)
      storeAndAnswer(receipt, path: path, completion)
    } catch {
      refusals.note(path: path, error.reply)
      completion(error.reply)
    }
  }

  // MARK: Steps

  private func scan(_ body: [UInt8], _ rules: Rules) throws(Refusal) -> ScannedEnvelope {
    do throws(ScanError) {
      return try rules.scanner.scan(body)
    } catch {
      throw Refusal(error)
    }
  }

  /// Makes the events, and asks the routing table where each goes.
  private func split(
    _ envelope: ScannedEnvelope, body: [UInt8], from sender: Sender, _ rules: Rules
  ) throws(Refusal) -> Receipt {
    let now = clock.now()
    let context = EnvelopeContext(
      source: sender.source.name, receivedAt: now, time: envelope.time.map { $0.spelling(in: body) },
      token: sender.token.map { $0.spelling(in: body) })
    let firstID = ids.withLock { $0.next(count: envelope.events.count, at: now) }
    var receipt = Receipt(
      envelope: NewEnvelope(
        context: context, firstEventID: firstID, acceptedCount: envelope.events.count,
        fingerprint: nil, events: []),
      rejected: envelope.rejected.map { ($0.type.text(in: body), $0.index, $0.kind) })
    var deliveries = 0
    body.withUnsafeBufferPointer { document in
      for (place, scanned) in envelope.events.enumerated() {
        let view = EventView(
          source: sender.source.name, type: scanned.type.text(in: document),
          fallbackCompany: sender.company, fields: envelope.fields[scanned.fields], document: document)
        let decision = rules.table.decide(view)
        deliveries += decision.targets.count
        guard deliveries <= Rules.maxDeliveries else { return }
        receipt.count(decision)
        if decision.targets.isEmpty && rules.keep == .routed { continue }
        let event = Event(
          id: firstID.advanced(by: place), envelope: context, type: view.type,
          rawType: Array(document[scanned.type.range]), company: view.company, channel: view.channel,
          chat: view.chat, body: Array(document[scanned.body]))
        receipt.envelope.events.append(rules.table.newEvent(event, decision))
      }
    }
    guard deliveries <= Rules.maxDeliveries else { throw .tooManyDeliveries }
    if let window = sender.source.dedupe, !receipt.envelope.events.isEmpty {
      receipt.envelope.fingerprint = NewEnvelope.Fingerprint(
        hash: Array(SHA256.hash(data: body)), since: now.advanced(by: .zero - window))
    }
    return receipt
  }

  private func storeAndAnswer(
    _ receipt: Receipt, path: String, _ completion: @escaping @Sendable (IngestReply) -> Void
  ) {
    guard !receipt.envelope.events.isEmpty else { return completion(receipt.accepted()) }
    // Made now, not on the store's thread between two commits; given only after the commit.
    let accepted = receipt.accepted()
    store.append(receipt.envelope) { [engine, refusals] result in
      switch result {
      case .success(.stored(let deliveries)):
        engine.arrived(deliveries)
        completion(accepted)
      case .success(.duplicate(let firstEventID, let count)):
        completion(.duplicate(firstEventID: firstEventID, count: count))
      case .failure(let error):
        // The reason is for the operator's log; the sender need not know the store's insides.
        var reply = IngestReply.unavailable("the store can't take it now; nothing was kept, send it again")
        reply.reason = "the store can't take it: \(error.message)"
        refusals.note(path: path, reply)
        completion(reply)
      }
    }
  }
}

extension RoutingTable {
  fileprivate func newEvent(_ event: Event, _ decision: RoutingDecision) -> NewEnvelope.NewEvent {
    NewEnvelope.NewEvent(
      event: event, routes: decision.matched.map { routes[$0].route.name }, isDropped: decision.isDropped,
      deliveries: decision.targets.map {
        NewEnvelope.NewDelivery(destination: $0.destination, route: routes[$0.route].route.name)
      })
  }
}
