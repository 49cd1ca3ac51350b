import RelayCore
import RelayThreads

/// Keeps this node alive in the eyes of the others, on a connection and a thread of its own (`store-lease`): sends heartbeats, looks who
/// lives, ends the sessions of those whose lease is over, and carries messages between nodes.
final class LeaseKeeper: Sendable {
  private let state: Locked<LeaseState>
  private let clock: any SteadyClock
  private let wake: WakeSignal
  private let thread: WorkerThread

  /// - Parameters:
  ///   - holding: The slot that the writer connection has.
  ///   - lastTick: Asked at each heartbeat: the highest tick that this node has given.
  ///   - observer: Told on the keeper's thread.
  init(
    _ opener: SessionOpener, key: StoreKey, holding: Locked<SlotHolding>, times: LeaseTimes = .standard,
    clock: any SteadyClock, lastTick: @escaping @Sendable () -> Int64, observer: any NodeObserver
  ) {
    let (state, wake) = (Locked(LeaseState(times)), WakeSignal())
    self.state = state
    self.wake = wake
    self.clock = clock
    thread = WorkerThread(name: "store-lease") {
      let loop = LeaseLoop(
        opener: opener, key: key, holding: holding, length: times.length, clock: clock, lastTick: lastTick,
        observer: observer, state: state, wake: wake)
      loop.run()
    }
  }

  /// Whether an attempt may start now. From any thread.
  func mayStart() -> Bool { mayStart(at: clock.now()) }

  func mayStart(at now: Timestamp) -> Bool { state.withLock { $0.mayStart(at: now) } }

  /// Who lives, as of the last heartbeat.
  var nodes: LiveNodes { state.withLock { $0.nodes } }

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
