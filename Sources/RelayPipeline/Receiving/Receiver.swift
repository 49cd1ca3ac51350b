import Logging
import RelayCore
import RelayDigest
import RelayJSON
import RelaySystem
import RelayThreads

/// The data's path from a posted body to its reply: scan, authenticate, split, route, fingerprint, store.
///
/// Called on the ingest's event loops; nothing here blocks. The 200 is given in the store's completion, so after
/// the sync and never before.
package final class Receiver: EnvelopeReceiver {
  private let rules: Locked<IngestRules>
  private let store: any DeliveryStore
  private let engine: DeliveryEngine
  private let clock: any SteadyClock
  private let ids: EventIDs
  private let refusals: RefusalLog
  private let metrics: RelayMetrics
  /// Who fetches the files that events point to; nil: nobody.
  private let attachments: (any AttachmentKeeping)?
  /// What is known of the tokens that sources learn.
  let lessons: TokenLessons
  /// Where is kept when senders were turned away.
  let gaps: GapRecorder

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
    logger: Logger, metrics: RelayMetrics, ids: @escaping EventIDs = Receiver.ids(from: SystemRandomness()),
    gaps: GapRecorder? = nil, attachments: (any AttachmentKeeping)? = nil
  ) {
    self.attachments = attachments
    self.ids = ids
    lessons = TokenLessons(clock: clock, logger: logger)
    rules = Locked(IngestRules(configuration, metrics: metrics, lessons: lessons))
    self.gaps = gaps ?? GapRecorder(store: store, clock: clock)
    self.metrics = metrics
    self.store = store
    self.engine = engine
    self.clock = clock
    refusals = RefusalLog(logger: logger, clock: clock)
  }

  /// From now on requests meet another configuration; those under way end as they began.
  package func replace(_ configuration: Configuration) {
    let replacement = IngestRules(configuration, metrics: metrics, lessons: lessons)
    rules.withLock { $0 = replacement }
    lessons.configure(configuration.sources)
  }

  /// The last refused requests, newest first.
  package var refusedRequests: [RefusedRequest] { refusals.refusedRequests }

  /// Forgets refused requests whose bodies hold one of these texts, or may hold it.
  ///
  /// - Returns: How many entries of the list went.
  func forgetRefusedRequests(holding texts: [String]) -> Int { refusals.forget(holding: texts) }

  package func accepts(path: String) -> Bool { rules.withLock { $0 }.entrance(at: path) != nil }

  package func refused(path: String, _ refusal: Refusal, origin: any RequestOrigin) {
    let rules = rules.withLock { $0 }
    let entrance = rules.entrance(at: path)
    if let outcome = refusal.reason.outcome { entrance?.metrics.envelope(outcome) }
    refusals.record(
      refusal, path: path, origin: origin, body: nil, isOfSource: entrance != nil, mask: rules.mask)
    metrics.refused(refusal.reason)
    gaps.refused(refusal.reason, source: entrance?.source.name)
  }

  package func receive(
    path: String, body: [UInt8], origin: any RequestOrigin,
    completion: @escaping @Sendable (IngestReply) -> Void
  ) {
    let rules = rules.withLock { $0 }
    guard let entrance = rules.entrance(at: path) else {
      // A reload took it away since its head was read.
      refused(path: path, .notFound, origin: origin)
      return completion(Refusal.notFound.reply)
    }
    take(
      IngestRequest(
        path: path, body: body, origin: origin, entrance: entrance, rules: rules, clock: clock,
        completion: completion))
  }

  /// Takes an envelope that a person puts in as its source would have sent it. Answered as a sender is.
  ///
  /// - Parameter again: It is stored also where its bytes are known already.
  /// - Returns: false: there is no such source.
  func publish(
    _ body: [UInt8], to source: String, again: Bool, completion: @escaping @Sendable (IngestReply) -> Void
  ) -> Bool {
    let rules = rules.withLock { $0 }
    guard let entrance = rules.entrance(named: source) else { return false }
    take(
      IngestRequest(
        path: entrance.source.path, body: body, origin: NoOrigin(), manner: .byHand(again: again),
        entrance: entrance, rules: rules, clock: clock, completion: completion))
    return true
  }

  private func take(_ request: IngestRequest) {
    do throws(Refusal) {
      let scanned = try scan(request)
      let sender = try authenticate(scanned, request)
      // The platform checks the URL; it posts no events.
      if let token = sender.handshakeToken {
        request.entrance.metrics.handshake(at: request.received.wall)
        return request.answer(.handshake(token), .handshake)
      }
      let envelope = split(scanned, from: sender, request)
      let receipt = fingerprint(try route(envelope))
      store(receipt)
    } catch {
      refuse(request, error)
    }
  }

  private func refuse(_ request: IngestRequest, _ refusal: Refusal) {
    // A person is told; nobody need be told of it. And nothing of a sender's is lost.
    guard request.manner == .posted else { return request.answer(refusal.reply, nil) }
    refusals.record(
      refusal, path: request.path, origin: request.origin, body: request.body, isOfSource: true,
      mask: rules.withLock { $0 }.mask)
    metrics.refused(refusal.reason)
    gaps.refused(refusal.reason, source: request.entrance.source.name)
    request.answer(refusal.reply, refusal.reason.outcome)
  }

  // MARK: The steps

  /// Finds the events, and the fields that the routes ask for.
  ///
  /// - Throws: 400 for what is no JSON or no object, 415 for another format, 413 for more than 10,000 events.
  private func scan(_ request: IngestRequest) throws(Refusal) -> ScannedEnvelope {
    do throws(ScanError) {
      return try request.rules.scanner.scan(request.body)
    } catch {
      throw Refusal(error, in: request.body)
    }
  }

  /// - Throws: 400 for what is neither envelope nor handshake, 401 for a missing or a wrong token.
  private func authenticate(
    _ scanned: ScannedEnvelope, _ request: IngestRequest
  ) throws(Refusal) -> Sender {
    switch request.manner {
    case .posted:
      try Sender(
        scanned, body: request.body, source: request.entrance.source, lesson: request.entrance.lesson,
        from: request.origin)
    case .byHand: try Sender(byHand: scanned, body: request.body, source: request.entrance.source)
    }
  }

  /// Gives each event its id.
  private func split(
    _ scanned: ScannedEnvelope, from sender: Sender, _ request: IngestRequest
  ) -> SplitEnvelope {
    SplitEnvelope(scanned, from: sender, request: request, ids: ids)
  }

  /// Asks the routing table where each event goes, and leaves out what is not to be stored.
  ///
  /// - Throws: 413 for more than 100,000 deliveries.
  private func route(_ envelope: SplitEnvelope) throws(Refusal) -> Receipt {
    let rules = envelope.request.rules
    var receipt = Receipt(envelope)
    var deliveries = 0
    var router = rules.table.router
    envelope.forEachEvent { placed in
      let decision = router.decide(placed.view)
      deliveries += decision.targets.count
      guard deliveries <= IngestRules.maxDeliveries else { return false }
      receipt.count(decision, type: placed.view.type)
      if !decision.targets.isEmpty || rules.keep == .all {
        receipt.keep(rules.table.newEvent(envelope.event(placed), decision))
      } else if engine.feed.isWatched {
        receipt.show(rules.table.newEvent(envelope.event(placed), decision))
      }
      return true
    }
    guard deliveries <= IngestRules.maxDeliveries else { throw .tooManyDeliveries }
    return receipt
  }

  /// Where the source drops redeliveries: by what this envelope is known again.
  private func fingerprint(_ receipt: Receipt) -> Receipt {
    guard let window = receipt.request.entrance.source.dedupe, !receipt.envelope.events.isEmpty,
      receipt.request.manner != .byHand(again: true)
    else {
      return receipt
    }
    var receipt = receipt
    let (now, width) = (receipt.request.received, window.microseconds)
    receipt.remember(
      NewEnvelope.Fingerprint(
        hash: SHA256.hash(receipt.request.body),
        since: Timestamp(microseconds: now.steady.microseconds - width),
        wallSince: Timestamp(microseconds: now.wall.microseconds - width)))
    return receipt
  }

  /// Answers once the envelope is on disk; at once, where nothing of it is to be stored.
  private func store(_ receipt: Receipt) {
    let request = receipt.request
    // Made now, not on the store's thread between two commits; given only after the commit.
    let accepted = receipt.accepted()
    let accept: @Sendable () -> Void = { [tally = receipt.tally] in
      tally.count(into: request.entrance.metrics, routes: request.rules.routeMetrics)
      // A source is not heard of because a person speaks for it.
      if request.manner == .posted { request.entrance.metrics.accepted(at: request.received) }
      request.answer(accepted, nil)
    }
    guard !receipt.envelope.events.isEmpty else {
      show([], receipt.unstored)
      return accept()
    }
    // Looked for here: the store's thread only hands them on.
    let attachments = receipt.holdsFiles ? attachments : nil
    store.append(
      receipt.envelope,
      late: { [engine, received = request.received.steady] in
        engine.arrivedLate($0)
        attachments?.missed(since: received)
      }
    ) {
      [self, envelope = receipt.envelope, unstored = receipt.unstored] result in
      switch result {
      case .success(.stored(let deliveries)):
        show(envelope.events, unstored)
        engine.arrived(deliveries)
        attachments?.arrived(envelope.events.map(\.event))
        accept()
      case .success(.duplicate(let firstEventID, let count, let rerouted)):
        engine.arrived(rerouted.deliveries)
        let events = envelope.events(at: rerouted.places)
        for event in events { countMatches(of: event) }
        if !events.isEmpty, let attachments {
          attachments.arrived(
            events.map { $0.event.named(firstEventID.advanced(by: envelope.place(of: $0.event))) })
        }
        show(events, of: envelope, as: firstEventID)
        let deliveries = events.reduce(0) { $0 + $1.deliveries.count }
        request.answer(
          .duplicate(
            firstEventID: firstEventID, count: count, rerouted: rerouted.places, deliveries: deliveries),
          .duplicate)
      case .failure(let error): refuse(request, .unstored(error))
      }
    }
  }

  /// Tells whoever reads the stream: all that came, in document order.
  private func show(_ stored: [NewEnvelope.NewEvent], _ unstored: [NewEnvelope.NewEvent]) {
    guard engine.feed.isWatched else { return }
    let all = unstored.isEmpty ? stored : (stored + unstored).sorted { $0.event.id < $1.event.id }
    if !all.isEmpty { engine.feed.tell(.received(all)) }
  }

  /// Events that are routed again have the ids that they got when they came first.
  ///
  /// - Parameter first: The id of that envelope's first event.
  private func show(_ events: [NewEnvelope.NewEvent], of envelope: NewEnvelope, as first: EventID) {
    guard !events.isEmpty, engine.feed.isWatched else { return }
    let shown = events.map { new in
      var new = new
      new.event = new.event.named(first.advanced(by: envelope.place(of: new.event)))
      return new
    }
    engine.feed.tell(.received(shown))
  }

  /// For an event that is routed again: it was counted with its source when it came first.
  private func countMatches(of event: NewEnvelope.NewEvent) {
    for (index, route) in event.routes.enumerated() {
      metrics.route(route).match(isDrop: event.isDropped && index == event.routes.count - 1)
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

extension Event {
  /// The same under another id.
  fileprivate func named(_ id: EventID) -> Event {
    Event(
      id: id, envelope: envelope, type: type, rawType: rawType, company: company, channel: channel,
      chat: chat,
      body: body)
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
