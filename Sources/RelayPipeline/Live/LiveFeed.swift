import RelayCore
import RelaySystem
import RelayThreads
import Synchronization

/// What comes in and how it is settled, live, for those who read it: `GET /api/v1/stream`.
///
/// While nobody reads, the data's path pays one relaxed load for it. With readers it hands over what it has (`LiveNews`); a
/// thread writes that once and puts it into a ring that all readers share. A reader that is slow loses what the ring has
/// forgotten, is told how much, and costs nobody else anything.
package final class LiveFeed: Sendable {
  private struct Readers {
    var isRunning = false
    var isStopped = false
    var ring: LiveRing
    var count = 0
    var withBodies = 0
    /// Those that wait, each to be woken once.
    var waiting: [(due: ContinuousClock.Instant, wake: @Sendable () -> Void)] = []
    var lastLeft = ContinuousClock.now
    /// Erased while the thread may have had them in its hands: they go no further than that.
    var forgotten: Set<EventID> = []
  }

  package let limits: LiveLimits
  private let clock: any SteadyClock
  private let isFed = Atomic<Bool>(false)
  private let inbox: Monitor<LiveInbox>
  private let readers: Locked<Readers>
  private let randomness: Locked<any RandomNumberGenerator & Sendable>
  private let onLeave: @Sendable () -> Void
  private let threads = Monitor(0)

  /// - Parameter onLeave: Called when a reader has given up its place.
  package init(
    clock: any SteadyClock, limits: LiveLimits = LiveLimits(),
    randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    onLeave: @escaping @Sendable () -> Void = {}
  ) {
    self.onLeave = onLeave
    self.clock = clock
    self.limits = limits
    self.randomness = Locked(randomness)
    inbox = Monitor(LiveInbox(pace: limits.pace, now: .now))
    readers = Locked(
      Readers(ring: LiveRing(maxBytes: limits.ringBytes, after: .place(at: clock.reading().wall))))
  }

  // MARK: The data's path

  /// Whether anybody wants to know. Whoever has something asks this first.
  package var isWatched: Bool { isFed.load(ordering: .relaxed) }

  func tell(_ news: LiveNews) {
    inbox.change { inbox in ((), wakes: inbox.put(news)) }
  }

  /// What these events said was erased, and nothing more is told of them: nobody who reads, or comes back, is given their bodies.
  /// What readers were sent before is theirs. (Without a reader nothing is kept.)
  func forget(_ events: Set<EventID>) {
    guard isWatched, !events.isEmpty else { return }
    inbox.update { $0.forget(events) }
    readers.withLock { readers in
      readers.ring.forget(events)
      readers.forgotten.formUnion(events)
    }
  }

  // MARK: Readers

  /// - Parameter history: Asked for what came in before; nil: that can't be told.
  /// - Returns: nil: there are as many readers as there may be, or the relay stops.
  package func join(_ subscription: LiveSubscription, history: LiveHistory? = nil) -> LiveReader? {
    let isIn = readers.withLock { readers in
      guard !readers.isStopped, readers.count < limits.readers, start(&readers) else { return false }
      readers.count += 1
      if subscription.needsBodies { readers.withBodies += 1 }
      return true
    }
    guard isIn else { return nil }
    return LiveReader(subscription, of: self, history: history)
  }

  package var readerCount: Int { readers.withLock(\.count) }

  package var isStopped: Bool { readers.withLock(\.isStopped) }

  /// From 0 to 1, for waits that are not to end together.
  package func jitter() -> Double {
    randomness.withLock { Double.random(in: 0..<1, using: &$0) }
  }

  func leave(_ subscription: LiveSubscription) {
    readers.withLock { readers in
      readers.count -= 1
      if subscription.needsBodies { readers.withBodies -= 1 }
      readers.lastLeft = .now
    }
    onLeave()
  }

  /// What is there for a reader; `body` is told how the ring is.
  func look<Value>(_ body: (LiveReaderState.View) -> Value) -> Value {
    readers.withLock { readers in
      body(LiveReaderState.View(ring: readers.ring, isStopping: readers.isStopped, now: .now))
    }
  }

  /// Calls `wake` once: when there is something at this place of the ring, at a time, or at the end.
  func wait(at end: Int, until due: ContinuousClock.Instant, _ wake: @escaping @Sendable () -> Void) {
    let isDue = readers.withLock { readers in
      guard readers.ring.end == end, !readers.isStopped else { return true }
      readers.waiting.append((due, wake))
      return false
    }
    if isDue { wake() }
  }

  /// Lets each reader have what has happened so far, then ends all streams.
  package func stop() {
    let wasRunning = readers.withLock { readers in
      defer { if !readers.isRunning { readers.isStopped = true } }
      return readers.isRunning
    }
    guard wasRunning else { return }
    inbox.update { $0.finish() }
    threads.wait { $0 == 0 ? .done(()) : .sleep(nil) }
  }

  // MARK: The thread

  /// - Returns: false: the system gives no thread.
  private func start(_ readers: inout Readers) -> Bool {
    if readers.isRunning { return true }
    // What was told when nobody took it any more.
    inbox.update { $0 = LiveInbox(pace: limits.pace, now: .now) }
    threads.update { $0 += 1 }
    guard WorkerThread.start(name: "stream", { [self] in run() }) else {
      threads.update { $0 -= 1 }
      return false
    }
    readers.isRunning = true
    isFed.store(true, ordering: .relaxed)
    return true
  }

  private func run() {
    var goesOn = true
    while goesOn {
      switch inbox.wait(until: { $0.step(now: .now) }) {
      case .write(let news, let lost): publish(write(news, lost: lost), lost: lost)
      case .look: goesOn = look()
      case .finish(let news, let lost):
        publish(write(news, lost: lost), lost: lost)
        finish()
        goesOn = false
      }
    }
    threads.update { $0 -= 1 }
  }

  private func write(_ news: [LiveNews], lost: Int) -> LiveSegment? {
    let offset = clock.reading().offset
    let (last, withBodies) = readers.withLock { ($0.ring.lastID, $0.withBodies > 0) }
    // A gap in the numbers is what readers miss.
    var writer = LiveWriter(
      first: last.number + 1 + lost, after: last.event, offset: offset, withBodies: withBodies)
    for one in news { writer.write(one) }
    return writer.segment()
  }

  private func publish(_ segment: LiveSegment?, lost: Int) {
    guard let segment else { return }
    let waiting = readers.withLock { readers in
      // One thread, and one piece at a time: what comes after this was told after they were forgotten.
      readers.ring.append(readers.forgotten.isEmpty ? segment : segment.forgetting(readers.forgotten))
      readers.forgotten.removeAll()
      defer { readers.waiting = [] }
      return readers.waiting
    }
    for one in waiting { one.wake() }
  }

  /// - Returns: false: nobody has read for long, and the thread ends.
  private func look() -> Bool {
    let now = ContinuousClock.now
    let (due, goesOn) = readers.withLock { readers in
      let due = readers.waiting.filter { $0.due <= now }
      readers.waiting.removeAll { $0.due <= now }
      // The thread has nothing in its hands now.
      readers.forgotten.removeAll()
      let isLeft = readers.count == 0 && readers.lastLeft.duration(to: now) >= limits.linger
      if isLeft {
        readers.isRunning = false
        isFed.store(false, ordering: .relaxed)
        // What happens from here on is told to nobody: no reader may go on as if it had seen all.
        readers.ring = LiveRing(
          maxBytes: limits.ringBytes, after: .place(at: clock.reading().wall), first: readers.ring.end + 1)
      }
      return (due, !isLeft)
    }
    for one in due { one.wake() }
    return goesOn
  }

  private func finish() {
    isFed.store(false, ordering: .relaxed)
    let waiting = readers.withLock { readers in
      (readers.isStopped, readers.isRunning) = (true, false)
      defer { readers.waiting = [] }
      return readers.waiting
    }
    for one in waiting { one.wake() }
  }
}
