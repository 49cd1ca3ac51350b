import RelayCore
import RelayThreads

/// What the thread `store-lease` does. What to do, and what follows, is the state's to decide.
final class LeaseLoop {
  private let opener: SessionOpener
  private let key: StoreKey
  private let holding: Locked<SlotHolding>
  private let length: Duration
  private let clock: any SteadyClock
  private let lastTick: @Sendable () -> Int64
  private let configuration: @Sendable () -> String?
  private let observer: any NodeObserver
  private let state: Locked<LeaseState>
  private let wake: WakeSignal
  private var connection: PostgresConnection?
  /// The slot whose second lock this connection has.
  private var watched: SlotHolding?

  init(
    opener: SessionOpener, key: StoreKey, holding: Locked<SlotHolding>, length: Duration,
    clock: any SteadyClock, lastTick: @escaping @Sendable () -> Int64,
    configuration: @escaping @Sendable () -> String?, observer: any NodeObserver,
    state: Locked<LeaseState>, wake: WakeSignal
  ) {
    self.opener = opener
    self.key = key
    self.holding = holding
    self.length = length
    self.clock = clock
    self.lastTick = lastTick
    self.configuration = configuration
    self.observer = observer
    self.state = state
    self.wake = wake
  }

  func run() {
    defer { disconnect() }
    while true {
      let now = clock.now()
      let (step, events) = state.withLock { $0.next(at: now) }
      tell(events)
      do throws(NodeError) {
        switch step {
        case .beat: try beat()
        case .notify(let id): try notify(upTo: id)
        case .wait(let time): try wait(atMost: time)
        case .end: return leave()
        }
      } catch {
        disconnect()
        let (now, reason) = (clock.now(), error.description)
        tell(state.withLock { $0.failed(reason, at: now) })
      }
    }
  }

  private func beat() throws(NodeError) {
    let turn = turn()
    let connection = try connected(until: turn)
    let table = SlotTable(connection: connection, key: key, limit: opener.limit, deadline: turn)
    let holding = holding.withLock { $0 }
    let (lastTick, configuration) = (lastTick(), configuration())
    try asServer { () throws(PostgresError) in
      try watch(holding, table)
      let sent = clock.reading()
      let answer = try table.beat(holding, lastTick: lastTick, configuration: configuration)
      let received = clock.reading()
      let (events, over) = state.withLock { state in
        (state.beaten(answer, as: holding, sent: sent, received: received), state.nodes.over)
      }
      tell(events)
      // Another node has the slot, and is to have the lock of its second connection, too.
      if answer.time == nil { try unwatch(table) }
      for node in over where node.hasSessions { try fence(node, table) }
    }
    // The answers may have brought messages, too.
    hear(connection)
  }

  /// Shows that this node is there, by a lock that goes with the connection.
  private func watch(_ holding: SlotHolding, _ table: SlotTable) throws(PostgresError) {
    guard watched != holding else { return }
    try unwatch(table)
    switch try table.tryWatch(holding) {
    case true?: watched = holding
    // An earlier connection's session that has not noticed yet: the next heartbeat finds it gone.
    case false?: try table.endOwn(.watch, of: holding)
    // The heartbeat finds that, too.
    case nil: break
    }
  }

  /// The server ends a closed connection's session a moment later: the lock is given back before, so that the next node can have this slot.
  private func leave() {
    guard let connection, connection.isOpen else { return }
    let table = SlotTable(connection: connection, key: key, limit: opener.limit, deadline: turn())
    try? unwatch(table)
  }

  private func unwatch(_ table: SlotTable) throws(PostgresError) {
    guard let watched else { return }
    self.watched = nil
    try table.unlock(.watch, of: watched.slot)
  }

  /// Ends the sessions of a node that is over. Where the server refuses that, all others are seen to nevertheless.
  private func fence(_ node: LiveNodes.Over, _ table: SlotTable) throws(PostgresError) {
    do throws(PostgresError) {
      let count = try table.endOver(node.holding, seen: node.seen)
      let now = clock.now()
      tell(state.withLock { $0.ended(count, of: node.holding, at: now) })
    } catch {
      guard table.connection.isOpen else { throw error }
      tell(state.withLock { $0.couldNotEnd(node.holding, error.description) })
    }
  }

  private func notify(upTo id: Int64) throws(NodeError) {
    var parameters = Parameters()
    parameters.add(NodeMessage(slot: holding.withLock { $0.slot }, id: id).payload)
    let turn = turn()
    let connection = try connected(until: turn)
    do throws(PostgresError) {
      _ = try connection.run(SlotStatements.notify, parameters, within: turn.remaining)
    } catch {
      // A queue that is full: the others look by themselves, too.
      guard connection.isOpen else { throw .failed(error) }
    }
    hear(connection)
  }

  private func wait(atMost time: Duration) throws(NodeError) {
    guard let connection else {
      _ = wake.wait(for: -1, atMost: time)
      return
    }
    guard wake.wait(for: connection.socket, atMost: time) else { return }
    try asServer { () throws(PostgresError) in try connection.wait(for: .zero) }
    hear(connection)
  }

  /// This node's own messages come back, too.
  private func hear(_ connection: PostgresConnection) {
    let own = holding.withLock { $0.slot }
    let messages = connection.notifications().compactMap { NodeMessage(payload: $0.payload) }
    let heard = messages.filter { $0.slot != own }
    if !heard.isEmpty { tell([.heard(heard)]) }
  }

  private func connected(until turn: Deadline) throws(NodeError) -> PostgresConnection {
    if let connection { return connection }
    var opener = opener
    opener.deadline = turn
    let opened = try opener.open(.watch)
    _ = try opener.inspect(opened)
    try asServer { () throws(PostgresError) in
      try opened.execute("LISTEN \(NodeMessage.channel)", within: turn.remaining)
    }
    connection = opened
    return opened
  }

  /// All calls of a step together take no longer than the lease lasts, so that its end is noticed while a server does not answer.
  private func turn() -> Deadline {
    let now = clock.now()
    return Deadline(after: state.withLock { $0.limit(opener.limit, at: now) })
  }

  private func disconnect() {
    connection?.close()
    connection = nil
    watched = nil
  }

  private func tell(_ events: [NodeEvent]) {
    for event in events { observer.nodeChanged(event) }
  }
}

@available(*, unavailable)
extension LeaseLoop: Sendable {}
