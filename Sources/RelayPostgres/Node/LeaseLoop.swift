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
  private let observer: any NodeObserver
  private let state: Locked<LeaseState>
  private let wake: WakeSignal
  private var connection: PostgresConnection?
  /// The slot whose second lock this connection has.
  private var watched: SlotHolding?

  init(
    opener: SessionOpener, key: StoreKey, holding: Locked<SlotHolding>, length: Duration,
    clock: any SteadyClock, lastTick: @escaping @Sendable () -> Int64, observer: any NodeObserver,
    state: Locked<LeaseState>, wake: WakeSignal
  ) {
    self.opener = opener
    self.key = key
    self.holding = holding
    self.length = length
    self.clock = clock
    self.lastTick = lastTick
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
        case .end: return
        }
      } catch {
        disconnect()
        let (now, reason) = (clock.now(), error.description)
        tell(state.withLock { $0.failed(reason, at: now) })
      }
    }
  }

  private func beat() throws(NodeError) {
    let connection = try connected()
    let table = SlotTable(connection: connection, key: key, limit: limit())
    let holding = holding.withLock { $0 }
    let lastTick = lastTick()
    try asServer { () throws(PostgresError) in
      try watch(holding, table)
      let sent = clock.reading()
      let answer = try table.beat(holding, lastTick: lastTick)
      let received = clock.reading()
      let (events, over) = state.withLock { state in
        (state.beaten(answer, as: holding, sent: sent, received: received), state.nodes.over)
      }
      tell(events)
      for node in over where node.hasSessions {
        let count = try table.endOver(node.holding, length: length)
        if count > 0 { tell([.sessionsEnded(node.holding, count: count)]) }
      }
    }
    // The answers may have brought messages, too.
    hear(connection)
  }

  /// Shows that this node is there, by a lock that goes with the connection.
  private func watch(_ holding: SlotHolding, _ table: SlotTable) throws(PostgresError) {
    guard watched != holding else { return }
    if let watched { try table.unlock(.watch, of: watched.slot) }
    watched = nil
    if try table.tryLock(.watch, of: holding.slot) {
      watched = holding
    } else {
      // An earlier connection's session that has not noticed yet: the next heartbeat finds it gone.
      try table.endOwn(.watch, of: holding)
    }
  }

  private func notify(upTo id: Int64) throws(NodeError) {
    var parameters = Parameters()
    parameters.add(NodeMessage(slot: holding.withLock { $0.slot }, id: id).payload)
    let connection = try connected()
    _ = try asServer { () throws(PostgresError) in
      try connection.run(SlotStatements.notify, parameters, within: limit())
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

  private func connected() throws(NodeError) -> PostgresConnection {
    if let connection { return connection }
    var opener = opener
    opener.limit = limit()
    let opened = try opener.open(.watch)
    _ = try opener.inspect(opened)
    try asServer { () throws(PostgresError) in
      try opened.execute("LISTEN \(NodeMessage.channel)", within: opener.limit)
    }
    connection = opened
    return opened
  }

  private func limit() -> Duration {
    let now = clock.now()
    return state.withLock { $0.limit(opener.limit, at: now) }
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
