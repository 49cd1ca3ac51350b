import RelayCore

/// What each reader of the stream may have.
package struct LiveLimits: Sendable {
  /// Readers at once.
  package var readers = 64
  /// What the ring holds, in bytes.
  package var ringBytes = 16 << 20
  /// What one piece holds, in bytes, where a single message is not longer.
  package var pieceBytes = 256 << 10
  /// A comment is sent after so much silence.
  package var heartbeat = Duration.seconds(15)
  /// A stream is ended after so long; its reader goes on in a new one.
  package var maxAge = Duration.seconds(3_600)
  /// At least so long is between two pieces of what has happened.
  package var pace = Duration.milliseconds(100)
  /// So long after the last reader has left, messages are still written: it may come back.
  package var linger = Duration.seconds(60)
  /// A reader that comes back gets at most so many events out of the store.
  package var recalledEvents = 100_000
  /// How many events are read from the store at once.
  package var pageEvents = 200

  package init() {}
}

/// One reader: what it is to be sent next. Decides, and does nothing.
struct LiveReaderState {
  enum Step {
    /// Text that is its own.
    case send([UInt8])
    /// Messages of a segment, which the reader's filter has yet to see.
    case read(LiveSegment, Range<Int>)
    /// The store is to be asked, and `recalled` told.
    case recall(EventPageRequest)
    /// Nothing, until something happens, or until then.
    case wait(until: ContinuousClock.Instant)
    /// Nothing more, after this.
    case end([UInt8])
  }

  private enum Phase {
    case greeting
    /// What the store has is sent first.
    case recalling(EventPageRequest, count: Int)
    /// Messages from this number on.
    case following(Int)
    case ended
  }

  /// Where the ring was, and whether the relay is stopping.
  struct View {
    let ring: LiveRing
    let isStopping: Bool
    let now: ContinuousClock.Instant
  }

  let subscription: LiveSubscription
  private let limits: LiveLimits
  private let startedAt: ContinuousClock.Instant
  private var lastSent: ContinuousClock.Instant
  private var phase = Phase.greeting
  /// The ring's end when the store was last asked: all before it is in the store's answer.
  private var endAtRecall = 0
  /// What of the store's last two pages may also be in the ring.
  private var sentBefore: [Set<EventID>] = []
  private let retry: Duration
  private let retryAfterStop: Duration

  /// - Parameter jitter: From 0 to 1: readers that lose their streams together shall not come back together.
  init(_ subscription: LiveSubscription, limits: LiveLimits, jitter: Double, now: ContinuousClock.Instant) {
    self.subscription = subscription
    self.limits = limits
    startedAt = now
    lastSent = now
    retry = .milliseconds(3_000 + Int(2_000 * jitter))
    retryAfterStop = .milliseconds(5_000 + Int(2_000 * jitter))
  }

  mutating func next(_ view: View) -> Step {
    switch phase {
    case .greeting: return greet(view)
    case .recalling(let request, _):
      if view.isStopping { return finish(after: retryAfterStop) }
      if let end = end(view) { return end }
      // The ring may lose what happens meanwhile: then it says so.
      endAtRecall = view.ring.end
      return .recall(request)
    case .following(let place): return follow(view, from: place)
    case .ended: return .end([])
    }
  }

  private mutating func greet(_ view: View) -> Step {
    let ring = view.ring
    let hello = StreamText.hello(retry: retry, at: subscription.after ?? ring.lastID)
    if let after = subscription.after {
      if let place = ring.place(after: after, withBodies: subscription.needsBodies) {
        phase = .following(place)
        return .send(hello)
      }
      // A second earlier: two envelopes that came together may stand in the store in another order than their ids.
      let since = Timestamp(microseconds: (after.event.milliseconds - 1_000) * 1_000)
      phase = recalling(since: max(since, subscription.filter.since ?? since))
      let isOfSettlements = subscription.kinds.contains(.settled)
      return .send(hello + (isOfSettlements ? StreamText.missed(nil, Self.settlementsAreGone) : []))
    }
    if let since = subscription.filter.since {
      phase = recalling(since: since)
    } else {
      phase = .following(ring.end)
    }
    return .send(hello)
  }

  private func recalling(since: Timestamp) -> Phase {
    guard subscription.kinds.contains(.received) else { return .following(.max) }
    var filter = subscription.filter
    filter.since = since
    return .recalling(
      EventPageRequest(
        filter: filter, order: .oldestFirst,
        limit: subscription.withBodies ? limits.pageEvents / 10 : limits.pageEvents,
        withBodies: subscription.withBodies),
      count: 0)
  }

  /// What the store has told of is no later in the ring than this many messages.
  private static let overlap = 10_000

  static let settlementsAreGone =
    "what became of deliveries meanwhile is not in the stream; see /api/v1/deliveries"
  static let tooSlow = "this reader was too slow"
  static let tooMany = "too much has come in meanwhile; see /api/v1/events"
  static let unreadable = "the store could not be read; see /api/v1/events"

  private mutating func follow(_ view: View, from place: Int) -> Step {
    let ring = view.ring
    // Where nothing is to be had from the store: from now on.
    let place = place == .max ? ring.end : place
    phase = .following(place)
    if !sentBefore.isEmpty, place > endAtRecall + Self.overlap { sentBefore = [] }
    if let end = end(view) { return end }
    guard let segment = ring.segment(from: place) else {
      if view.isStopping { return finish(after: retryAfterStop) }
      let due = lastSent.advanced(by: limits.heartbeat)
      return view.now >= due ? .send(StreamText.heartbeat(at: ring.lastID)) : .wait(until: due)
    }
    guard place >= segment.first else {
      phase = .following(segment.first)
      return .send(StreamText.missed(segment.first - place, Self.tooSlow))
    }
    let text = subscription.withBodies ? segment.withBodies : segment.plain
    let index = place - segment.first
    guard let text else {
      // It was written before anybody wanted bodies, so before this reader came.
      phase = .following(segment.end)
      return next(view)
    }
    let count = text.count(from: index, upTo: limits.pieceBytes)
    phase = .following(place + count)
    return .read(segment, index..<index + count)
  }

  private mutating func end(_ view: View) -> Step? {
    guard view.now >= startedAt.advanced(by: limits.maxAge) else { return nil }
    return finish(after: retry)
  }

  private mutating func finish(after retry: Duration) -> Step {
    phase = .ended
    return .end(StreamText.comeAgain(after: retry))
  }

  /// The store's answer to `recall`.
  ///
  /// - Parameter ids: The events of it that are sent.
  /// - Returns: What is to be said after them.
  mutating func recalled(_ ids: [EventID], next: EventCursor?) -> [UInt8] {
    guard case .recalling(var request, var count) = phase else { return [] }
    count += ids.count
    sentBefore = sentBefore.suffix(1) + [Set(ids)]
    guard let next else {
      phase = .following(endAtRecall)
      return []
    }
    if subscription.after != nil, count >= limits.recalledEvents {
      phase = .following(.max)
      return StreamText.missed(nil, Self.tooMany)
    }
    request.after = next
    phase = .recalling(request, count: count)
    return []
  }

  /// The store could not be asked.
  mutating func recallFailed() -> [UInt8] {
    phase = .following(.max)
    return StreamText.missed(nil, Self.unreadable)
  }

  /// Whether an event of the ring was sent out of the store before.
  func wasSent(_ message: LiveMessage) -> Bool {
    guard message.kind == .received, let event = message.event else { return false }
    return sentBefore.contains { $0.contains(event) }
  }

  /// Messages are taken as they stand, without a look at each.
  var takesAll: Bool { subscription.isUnfiltered && sentBefore.isEmpty }

  mutating func sent(at now: ContinuousClock.Instant) { lastSent = now }
}
