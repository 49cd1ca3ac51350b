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
    let earlier = rules.withLock { $0 }
    let replacement = IngestRules(configuration, metrics: metrics, lessons: lessons, after: earlier)
    rules.withLock { $0 = replacement }
    lessons.configure(configuration.sources)
  }

  /// The last refused requests, newest first.
  package var refusedRequests: [RefusedRequest] { refusals.refusedRequests }

  /// Forgets refused requests whose bodies hold one of these texts, or may hold it.
  ///
  /// - Returns: How many entries of the list went.
  func forgetRefusedRequests(holding texts: [String]) -> Int { refusals.forget(holding: texts) }

  package func entry(at path: String) -> PathEntry {
    guard let entrance = rules.withLock({ $0 }).entrance(at: path) else { return .none }
    return entrance.gate == nil ? .open : .guarded
  }

  package func refusal(of origin: any RequestOrigin, at path: String) -> Refusal? {
    let gate = rules.withLock { $0 }.entrance(at: path)?.gate
    return gate?.refusal(of: origin.client, clock: clock)
  }

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
      var receipt = try route(envelope)
      fingerprint(&receipt)
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
        from: request.origin, at: request.received.wall)
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
  private func fingerprint(_ receipt: inout Receipt) {
    let request = receipt.request
    guard let window = request.entrance.source.dedupe, !receipt.envelope.events.isEmpty,
      request.manner != .byHand(again: true)
    else {
      return
    }
    let (now, width) = (request.received, window.microseconds)
    receipt.remember(
      NewEnvelope.Fingerprint(
        hash: SHA256.hash(request.body),
        since: Timestamp(microseconds: now.steady.microseconds - width),
        wallSince: Timestamp(microseconds: now.wall.microseconds - width)))
  }

  /// Answers once the envelope is on disk; at once, where nothing of it is to be stored.
  private func store(_ receipt: Receipt) {
    // Looked for here: the store's thread only hands them on.
    let pending = PendingReceipt(receipt, attachments: receipt.holdsFiles ? attachments : nil, receiver: self)
    guard !receipt.envelope.events.isEmpty else {
      show([], receipt.unstored)
      return accept(pending)
    }
    store.append(receipt.envelope, late: { pending.answeredLate($0) }, completion: { pending.answered($0) })
  }

  // MARK: What the store has answered

  /// On the store's thread, between two commits.
  func stored(_ pending: PendingReceipt, _ result: Result<AppendOutcome, StoreError>) {
    switch result {
    case .success(.stored(let deliveries)):
      show(pending.receipt.envelope.events, pending.receipt.unstored)
      engine.arrived(deliveries)
      pending.attachments?.arrived(pending.receipt.envelope.events.map(\.event))
      accept(pending)
    case .success(.duplicate(let firstEventID, let count, let rerouted)):
      cameAgain(pending, as: firstEventID, count: count, rerouted)
    case .failure(let error): refuse(pending.receipt.request, .unstored(error))
    }
  }

  func storedLate(_ pending: PendingReceipt, _ deliveries: [Delivery]) {
    engine.arrivedLate(deliveries)
    pending.attachments?.missed(since: pending.receipt.request.received.steady)
  }

  private func accept(_ pending: PendingReceipt) {
    let request = pending.receipt.request
    let metrics = request.entrance.metrics
    pending.receipt.tally.count(into: metrics, routes: request.rules.routeMetrics)
    // A source is not heard of because a person speaks for it.
    if request.manner == .posted { metrics.accepted(at: request.received) }
    request.answer(pending.accepted, nil)
  }

  /// - Parameters:
  ///   - first: The id of the first event, from when it came first.
  ///   - count: How many were accepted then.
  private func cameAgain(
    _ pending: PendingReceipt, as first: EventID, count: Int, _ rerouted: AppendOutcome.Rerouted
  ) {
    let envelope = pending.receipt.envelope
    engine.arrived(rerouted.deliveries)
    let events = envelope.events(at: rerouted.places)
    for event in events { countMatches(of: event) }
    if !events.isEmpty, let attachments = pending.attachments {
      attachments.arrived(
        events.map { $0.event.named(first.advanced(by: envelope.place(of: $0.event))) })
    }
    show(events, of: envelope, as: first)
    let deliveries = events.reduce(0) { $0 + $1.deliveries.count }
    pending.receipt.request.answer(
      .duplicate(firstEventID: first, count: count, rerouted: rerouted.places, deliveries: deliveries),
      .duplicate)
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
