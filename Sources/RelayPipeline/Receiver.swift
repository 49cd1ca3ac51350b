import Crypto
import Logging
import RelayCore
import RelayJSON
import RelayThreads

/// The data's path from a posted body to its answer: scan, authenticate, split, route, store, answer.
///
/// Called on the ingest's event loops; nothing here blocks. The 200 is given in the store's completion, so after
/// the sync and never before.
package final class Receiver: EnvelopeReceiver {
  /// What the configuration says to the ingest: swapped as a whole.
  final class Rules: Sendable {
    struct Entrance: Sendable {
      let source: Source
      let metrics: SourceMetrics
    }

    let entrances: [String: Entrance]
    let table: RoutingTable
    /// By the routes' places in the table.
    let routeMetrics: [RouteMetrics]
    let scanner: EnvelopeScanner
    let keep: StoreSettings.Keep
    /// What refused requests may hold, and nobody is to see.
    let mask: SecretMask
    /// The configuration's hash: stored with what it routed.
    let configuration: String

    init(_ configuration: Configuration, metrics: RelayMetrics) {
      entrances = Dictionary(
        uniqueKeysWithValues: configuration.sources.map {
          ($0.path, Entrance(source: $0, metrics: metrics.source($0.name)))
        })
      table = RoutingTable(configuration.routes)
      routeMetrics = configuration.routes.map { metrics.route($0.name) }
      self.configuration = configuration.hash
      scanner = EnvelopeScanner(fields: table.fields, maxEvents: Self.maxEvents)
      keep = configuration.store.keep
      mask = SecretMask(configuration.toldSecrets)
    }

    static let maxEvents = 10_000
    static let maxDeliveries = 100_000
  }

  private let rules: Locked<Rules>
  private let store: any DeliveryStore
  private let engine: DeliveryEngine
  private let clock: any SteadyClock
  private let ids: EventIDs
  private let refusals: RefusalLog
  private let metrics: RelayMetrics

  /// Gives the id of an envelope's first event; those of the others follow it.
  ///
  /// - Parameters:
  ///   - count: How many events it holds.
  ///   - now: The wall clock's time.
  package typealias EventIDs = @Sendable (_ count: Int, _ now: Timestamp) -> EventID

  package static func ids(from randomness: some RandomNumberGenerator & Sendable) -> EventIDs {
    let generator = Locked(EventIDGenerator(randomness: randomness))
    return { count, now in generator.withLock { $0.next(count: count, at: now) } }
  }

  package init(
    configuration: Configuration, store: any DeliveryStore, engine: DeliveryEngine, clock: any SteadyClock,
    logger: Logger, metrics: RelayMetrics, ids: @escaping EventIDs = Receiver.ids(from: SystemRandomness())
  ) {
    self.ids = ids
    rules = Locked(Rules(configuration, metrics: metrics))
    self.metrics = metrics
    self.store = store
    self.engine = engine
    self.clock = clock
    refusals = RefusalLog(logger: logger, clock: clock)
  }

  /// From now on requests meet another configuration; those under way end as they began.
  package func replace(_ configuration: Configuration) {
    let replacement = Rules(configuration, metrics: metrics)
    rules.withLock { $0 = replacement }
  }

  /// The last refused requests, newest first.
  package var rejections: [Rejection] { refusals.rejections }

  package func accepts(path: String) -> Bool { rules.withLock { $0 }.entrances[path] != nil }

  package func refused(path: String, reply: IngestReply, origin: any RequestOrigin) {
    let rules = rules.withLock { $0 }
    let entrance = rules.entrances[path]
    if let outcome = EnvelopeOutcome(refusalStatus: reply.status) { entrance?.metrics.envelope(outcome) }
    refusals.note(
      path: path, reply, origin: origin, body: nil, isOfSource: entrance != nil, mask: rules.mask)
    metrics.refused(reply)
  }

  package func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void
  ) {
    let rules = rules.withLock { $0 }
    guard let entrance = rules.entrances[path] else {
      // A reload took it away since its head was read.
      refused(path: path, reply: .notFound, origin: origin)
      return completion(.notFound)
    }
    let request = Request(
      path: path, body: body, origin: origin, entrance: entrance, clock: clock, completion: completion)
    do throws(Refusal) {
      let envelope = try scan(body, rules)
      let sender = try Sender(envelope, body: body, source: entrance.source)
      if let token = sender.handshakeToken { return request.answer(.handshake(token), .handshake) }
      let receipt = try split(envelope, request, from: sender, rules)
      storeAndAnswer(receipt, request, rules)
    } catch {
      refuse(request, error.reply)
    }
  }

  /// A posted body that waits for its answer.
  private final class Request: Sendable {
    let path: String
    let body: [UInt8]
    let origin: any RequestOrigin
    let entrance: Rules.Entrance
    /// When it had come as a whole.
    let received: ClockReading
    private let clock: any SteadyClock
    let completion: @Sendable (IngestReply) -> Void

    init(
      path: String, body: [UInt8], origin: any RequestOrigin, entrance: Rules.Entrance,
      clock: any SteadyClock, completion: @escaping @Sendable (IngestReply) -> Void
    ) {
      received = clock.reading()
      self.clock = clock
      self.path = path
      self.body = body
      self.origin = origin
      self.entrance = entrance
      self.completion = completion
    }

    /// - Parameter outcome: nil: it has been counted.
    func answer(_ reply: IngestReply, _ outcome: EnvelopeOutcome?) {
      if let outcome { entrance.metrics.envelope(outcome) }
      entrance.metrics.ingest(received.steady.duration(to: clock.now()))
      completion(reply)
    }
  }

  private func refuse(_ request: Request, _ reply: IngestReply) {
    refusals.note(
      path: request.path, reply, origin: request.origin, body: request.body, isOfSource: true,
      mask: rules.withLock { $0 }.mask)
    metrics.refused(reply)
    request.answer(reply, EnvelopeOutcome(refusalStatus: reply.status))
  }

  // MARK: Steps

  private func scan(_ body: [UInt8], _ rules: Rules) throws(Refusal) -> ScannedEnvelope {
    do throws(ScanError) {
      return try rules.scanner.scan(body)
    } catch {
      throw Refusal(error, in: body)
    }
  }

  /// Makes the events, and asks the routing table where each goes.
  private func split(
    _ envelope: ScannedEnvelope, _ request: Request, from sender: Sender, _ rules: Rules
  ) throws(Refusal) -> Receipt {
    let (now, body) = (request.received, request.body)
    let context = EnvelopeContext(
      source: sender.source.name, receivedAt: now.steady, time: envelope.time.map { $0.spelling(in: body) },
      token: sender.token.map { $0.spelling(in: body) })
    let firstID = ids(envelope.events.count, now.wall)
    var receipt = Receipt(
      envelope: NewEnvelope(
        context: context, configuration: rules.configuration, firstEventID: firstID,
        acceptedCount: envelope.events.count, fingerprint: nil, events: []),
      receivedAt: now.wall,
      rejected: envelope.rejected.map { ($0.type.text(in: body), $0.index, $0.kind) })
    var deliveries = 0
    var router = rules.table.router
    body.withUnsafeBufferPointer { document in
      for (place, scanned) in envelope.events.enumerated() {
        let view = EventView(
          source: sender.source.name, type: scanned.type.text(in: document),
          fallbackCompany: sender.company, fields: envelope.fields[scanned.fields], document: document)
        let decision = router.decide(view)
        deliveries += decision.targets.count
        guard deliveries <= Rules.maxDeliveries else { return }
        receipt.count(decision, type: view.type, of: request.entrance.metrics)
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
      let width = window.microseconds
      receipt.envelope.fingerprint = NewEnvelope.Fingerprint(
        hash: Array(SHA256.hash(data: body)),
        since: Timestamp(microseconds: now.steady.microseconds - width),
        wallSince: Timestamp(microseconds: now.wall.microseconds - width))
    }
    return receipt
  }

  private func storeAndAnswer(_ receipt: Receipt, _ request: Request, _ rules: Rules) {
    // Made now, not on the store's thread between two commits; given only after the commit.
    let accepted = receipt.accepted()
    let accept: @Sendable () -> Void = { [tally = receipt.tally, at = receipt.receivedAt] in
      tally.count(into: request.entrance.metrics, routes: rules.routeMetrics)
      request.entrance.metrics.accepted(at: at)
      request.answer(accepted, nil)
    }
    guard !receipt.envelope.events.isEmpty else { return accept() }
    store.append(receipt.envelope) { [self] result in
      switch result {
      case .success(.stored(let deliveries)):
        engine.arrived(deliveries)
        accept()
      case .success(.duplicate(let firstEventID, let count, let rerouted)):
        engine.arrived(rerouted.deliveries)
        let events = receipt.envelope.events(at: rerouted.places)
        for event in events { countMatches(of: event) }
        let deliveries = events.reduce(0) { $0 + $1.deliveries.count }
        request.answer(
          .duplicate(
            firstEventID: firstEventID, count: count, rerouted: rerouted.places, deliveries: deliveries),
          .duplicate)
      case .failure(let error):
        // The reason is for the operator's log; the sender need not know the store's insides.
        var reply = IngestReply.unavailable(
          error.code == .hanging
            ? "the store does not answer; whether this was kept is not known: send it again, unchanged"
            : "the store can't take it now; nothing was kept, send it again")
        reply.reason = "the store can't take it: \(error.message)"
        refuse(request, reply)
      }
    }
  }

  /// Of an event that is routed again: it was counted with its source when it came first.
  private func countMatches(of event: NewEnvelope.NewEvent) {
    for (place, route) in event.routes.enumerated() {
      metrics.route(route).match(isDrop: event.isDropped && place == event.routes.count - 1)
    }
  }
}

extension NewEnvelope {
  /// - Parameter places: Rising, and each of a stored event.
  fileprivate func events(at places: [Int]) -> [NewEvent] {
    guard !places.isEmpty else { return [] }
    let wanted = Set(places)
    return events.filter { wanted.contains(place(of: $0.event)) }
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
