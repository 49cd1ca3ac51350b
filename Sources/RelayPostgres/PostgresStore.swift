import RelayCore
import RelayStoring
import RelayThreads

/// The store in PostgreSQL: one connection, one thread, one round trip for all that arrived while the last was under way.
///
/// `StoreThread` has what is asked and what is done by time; `PostgresBackend` does it.
package final class PostgresStore: ThreadedStore {
  package let kind = "postgres"
  package let thread: StoreThread
  package let address: ServerAddress
  /// Which store it is, wherever it is found.
  let id: EventID
  package let downTime: Gap?
  /// For the log: what the server, the database or the role should not be like.
  package let warnings: [String]
  private let lease: LeaseKeeper
  private let clock: any SteadyClock
  private let doubt: Locked<String?>
  /// Who serves what; nil: no other relay may have the store open.
  private let shares: Locked<LaneShares>?
  private let signal: LeaseSignal
  private let keeper: StoreKeeper?
  private let isShared: Bool

  /// How long connecting may take, and each call of the start.
  private static let openingTime = Duration.seconds(10)
  /// How long the end waits for what the store does by itself: a look along a large table may take longer, and goes on to its end alone.
  private static let keepersEnd = Duration.seconds(15)

  /// Opens the store, or makes it.
  ///
  /// - Parameters:
  ///   - node: What is told of this relay to who looks at all of them.
  ///   - clock: What it waits by, and times what happens by. It goes on from where the last run has left it.
  ///   - duplicateLimit: How many envelopes are remembered for telling redeliveries.
  ///   - patience: How long a commit, or a read for it, may take.
  ///   - hangAfter: A server that has not answered for so long hangs.
  ///   - sharing: Other relays may have it open, too: the destinations are shared out among those that `serve`.
  ///   - times: How long a relay counts as alive.
  ///   - keepsItself: It does what is to be done now and then, on a second connection.
  ///   - observer: Told of what happens in it, on its thread.
  ///   - nodes: Told of what becomes of this relay in the eyes of the others.
  /// - Throws: `inUse` if another relay has it, `newerSchema`, `cannotOpen`, also where it is being filled from another store; `unreachable`
  ///   where there is no way to the server, or it is starting.
  package init(
    _ address: ServerAddress, as node: NodeIdentity, clock: any SteadyClock, duplicateLimit: Int = 500_000,
    patience: Duration = .seconds(10), hangAfter: Duration = .seconds(4), sharing: Bool = false,
    times: LeaseTimes = .standard, keepsItself: Bool = true, observer: (any StoreObserver)? = nil,
    nodes: (any NodeObserver)? = nil
  ) throws(StoreError) {
    self.address = address
    self.clock = clock
    isShared = sharing
    let word = Locked(KeepingWord())
    let opener = SessionOpener(address: address, applicationName: "huggy-relay", limit: Self.openingTime)
    // A connection is used on the thread that opened it, and on no other.
    let opened:
      (
        id: EventID, downTime: Gap?, warnings: [String], lease: LeaseKeeper, signal: LeaseSignal,
        key: StoreKey,
        shares: Locked<LaneShares>, doubt: Locked<String?>
      )
    (thread, opened) = try StoreThread.start(
      hanging: .hanging, after: hangAfter, clock: clock, observer: observer
    ) { wake throws(StoreError) in
      let writer = try Self.open(opener, as: node, sharing: sharing, gone: times.gone)
      let connection = StoreConnection(writer, patience: patience)
      do throws(StoreError) {
        try StoreMover.refuseUnfinished(connection)
        let slot = Int16(writer.holding.withLock { $0.slot })
        let kept = try ClockStatements(TableNames()).read(slot: slot, connection)
        clock.resume(from: kept)
        // After the clock has found its time, and before all tables are read: that takes longer than others wait for a heartbeat.
        let signal = LeaseSignal(isShared: sharing, wake: wake, observer: nodes)
        let lease = LeaseKeeper(
          opener, key: writer.key, holding: writer.holding, times: times, clock: clock,
          lastTick: { [ticks = writer.ticks] in ticks.withLock { $0 } },
          configuration: { [configuration = writer.configuration] in configuration.withLock { $0 } },
          observer: signal)
        connection.attach(lease)
        let session = try StoreSession(
          connection, slot: slot, lastTick: writer.lastTick, clock: clock, duplicateLimit: duplicateLimit,
          isShared: sharing)
        let downTime = try session.downTime(since: kept, until: clock.now())
        let shared = Sharing(session, signal, clock: clock, patience: times.goesOnWithin)
        try shared.begin()
        let backend = PostgresBackend(
          session: session, sharing: shared, clock: clock, word: word, observer: observer)
        signal.waitForAnswer(atMost: times.startsWithin)
        return (
          backend,
          (
            writer.storeID, downTime, writer.warnings, lease, signal, writer.key, shared.table.shares,
            connection.doubt
          )
        )
      } catch {
        connection.leave()
        throw error.code == .failing ? StoreError(code: .unreachable, message: error.message) : error
      }
    }
    (id, downTime, warnings) = (opened.id, opened.downTime, opened.warnings)
    (lease, signal) = (opened.lease, opened.signal)
    doubt = opened.doubt
    shares = sharing ? opened.shares : nil
    keeper =
      keepsItself
      ? StoreKeeper(opener, key: opened.key, word: word, clock: clock, observer: observer) : nil
    signal.attach { [weak thread = thread] body in
      if let thread { thread.post(.read(.ping(body))) } else { body() }
    }
  }

  /// The same at an address as the configuration has it.
  package convenience init(
    at address: DatabaseAddress, as node: NodeIdentity, clock: any SteadyClock,
    observer: (any StoreObserver)?,
    nodes: (any NodeObserver)?
  ) throws(StoreError) {
    try self.init(
      ServerAddress(address), as: node, clock: clock, sharing: true, observer: observer, nodes: nodes)
  }

  package func mayStart(at now: Timestamp) -> Bool { lease.mayStart(at: now) }

  package func startLack(at now: Timestamp) -> StartLack? { lease.startLack(at: now) }

  package var stall: StoreStall? {
    if lease.waitsForStandby(at: clock.now()) { return .standbyMissing }
    return doubt.withLock { $0 }.map { .inDoubt(reason: $0) }
  }

  package var nodes: StoreNodes? {
    shares.map { lease.nodes(at: clock.now(), serving: $0.withLock { $0 }) }
  }

  package func serve(_ host: any LaneHost) { signal.serve(host) }

  package func tell(_ host: any TokenHost) { signal.tell(host) }

  package func walk(_ host: any ReplayHost) -> Bool {
    if isShared { signal.walk(host) }
    return isShared
  }

  package func end(
    _ replay: Int, as end: ReplayEnd, completion: @escaping @Sendable (Result<Replay?, StoreError>) -> Void
  ) {
    guard isShared else { return thread.post(.write(.replay(.end(replay, as: end, completion)))) }
    thread.post(.job(.own(LaneWork.endReplay(replay, as: end, completion))))
  }

  package func pause(
    _ destination: String, until: Timestamp?,
    completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) {
    guard isShared else {
      return thread.post(.write(.pause(destination, until: until, completion)))
    }
    thread.post(.job(.own(LaneWork.pause(destination, until: until, completion))))
  }

  package func endRetryAfter(
    of destination: String, completion: @escaping @Sendable (Result<RetryAfterEnd, StoreError>) -> Void
  ) {
    guard isShared else { return completion(.success(.own)) }
    thread.post(.job(.own(LaneWork.endRetryAfter(destination, completion))))
  }

  private static func open(
    _ opener: SessionOpener, as node: NodeIdentity, sharing: Bool, gone: Duration
  ) throws(StoreError) -> WriterSession {
    let writer: WriterSession
    do throws(NodeError) {
      writer = try WriterSession(opener, as: node, gone: gone)
    } catch {
      throw StoreError(opening: error)
    }
    guard sharing || writer.holding.withLock({ $0.slot }) == 0 else {
      try? writer.leave()
      writer.close()
      throw StoreError(code: .inUse, message: "another relay has this store open: end it first")
    }
    return writer
  }

  /// What is asked by then is finished; a `reorder`, a `change` or an `erase` that is under way is cut off, and fails with
  /// `closed`.
  package func close() {
    thread.close()
    keeper?.end(within: Self.keepersEnd)
  }

  /// The same, but waits no longer than that.
  ///
  /// - Returns: Whether it is closed. If not, its thread hangs; the process can end all the same: the next start finds what
  ///   was answered.
  package func close(within limit: Duration) -> Bool {
    let begin = ContinuousClock.now
    guard thread.close(within: limit) else { return false }
    return keeper?.end(within: max(.zero, limit - (.now - begin))) ?? true
  }
}

extension StoreError {
  fileprivate static let hanging = StoreError(
    code: .hanging, message: "the database server does not answer; look at it, and at the way to it")
}
