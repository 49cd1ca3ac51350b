import RelayCore
import RelayThreads

/// Keeps this node alive in the eyes of the others, on a connection and a thread of its own (`store-lease`): sends heartbeats, looks who
/// lives, ends the sessions of those whose lease is over, and carries messages between nodes.
final class LeaseKeeper: Sendable {
  private let state: Locked<LeaseState>
  private let clock: any SteadyClock
  private let holding: Locked<SlotHolding>
  private let wake: WakeSignal
  private let thread: WorkerThread

  /// - Parameters:
  ///   - holding: The slot that the writer connection has.
  ///   - lastTick: Asked at each heartbeat: the highest tick that this node has given.
  ///   - configuration: Asked at each heartbeat: the hash of what this node has active; nil: what it told when it took its slot.
  ///   - observer: Told on the keeper's thread.
  init(
    _ opener: SessionOpener, key: StoreKey, holding: Locked<SlotHolding>, times: LeaseTimes = .standard,
    clock: any SteadyClock, lastTick: @escaping @Sendable () -> Int64,
    configuration: @escaping @Sendable () -> String? = { nil }, observer: any NodeObserver
  ) {
    let (state, wake) = (Locked(LeaseState(times)), WakeSignal())
    self.state = state
    self.wake = wake
    self.clock = clock
    self.holding = holding
    thread = WorkerThread(name: "store-lease") {
      let loop = LeaseLoop(
        opener: opener, key: key, holding: holding, length: times.length, clock: clock, lastTick: lastTick,
        configuration: configuration, observer: observer, state: state, wake: wake)
      loop.run()
    }
  }

  /// Whether an attempt may start now. From any thread.
  func mayStart() -> Bool { mayStart(at: clock.now()) }

  func mayStart(at now: Timestamp) -> Bool { state.withLock { $0.mayStart(at: now) } }

  /// Why none may; nil: one may. From any thread.
  func startLack(at now: Timestamp) -> StartLack? { state.withLock { $0.startLack(at: now) } }

  /// Who lives, as of the last heartbeat.
  var nodes: LiveNodes { state.withLock { $0.nodes } }

  /// The same for people, and whether this node is sure that it is among them. From any thread.
  ///
  /// - Parameter shares: Who serves what.
  func nodes(at now: Timestamp, serving shares: LaneShares) -> StoreNodes {
    let own = holding.withLock { $0 }
    let (nodes, lookedAt, isSure) = state.withLock { ($0.nodes.nodes, $0.lookedAt, $0.mayStart(at: now)) }
    let since = max(.zero, lookedAt?.duration(to: now) ?? .zero)
    return StoreNodes(
      nodes: nodes.map { row in
        StoreNodes.Node(
          name: row.identity.name, version: row.identity.version,
          configurationHash: row.identity.configurationHash,
          destinations: shares.destinations[Int16(row.holding.slot)] ?? [], lastSeen: row.seen,
          age: max(.zero, row.age) + since, isThis: row.holding == own)
      }, unserved: shares.unserved, isSure: isSure)
  }

  /// A commit of this node has waited for a standby for seconds, as of the last heartbeat, which is not long ago. From any thread.
  func waitsForStandby(at now: Timestamp) -> Bool {
    let own = holding.withLock { $0 }
    return state.withLock { state in
      state.mayStart(at: now) && state.nodes.nodes.contains { $0.holding == own && $0.waitsForStandby }
    }
  }

  /// How far the server's clock is from the steady clock; nil: nobody knows yet.
  var serverClock: ServerClock.Offset? { state.withLock { $0.clock.offset } }

  /// This node has stored what goes up to this id: the others are told, after some milliseconds at most. From any thread.
  func stored(upTo id: Int64) {
    if state.withLock({ $0.stored(upTo: id) }) { wake.wake() }
  }

  /// Ends the connection, and blocks until the thread has ended. Once more, it does nothing.
  func end() {
    state.withLock { $0.end() }
    wake.wake()
    thread.join()
  }
}
