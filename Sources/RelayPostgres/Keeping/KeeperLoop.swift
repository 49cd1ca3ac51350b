import RelayCore
import RelayThreads

/// What the thread `store-keeper` does. Confined to it.
final class KeeperLoop {
  private let opener: SessionOpener
  private let key: StoreKey
  private let observer: (any StoreObserver)?
  private let word: Locked<KeepingWord>
  private let clock: any SteadyClock
  private var tools: Tools?
  private var isFailing = false
  private var guarded = SizeGuard()
  private let statements = DayTableStatements(TableNames())
  private let usage = UsageStatements(TableNames())
  private let twins = TwinStatements(TableNames())
  /// Those that it has made, or found.
  private var days: Set<Day> = []

  private struct Tools {
    var session: KeeperSession
    var folder: BookFolder
    var remover: DayRemover
    /// Statements have the names of days: those of old ones go with the connection.
    var day: Day
  }

  init(
    _ opener: SessionOpener, key: StoreKey, word: Locked<KeepingWord>, clock: any SteadyClock,
    observer: (any StoreObserver)?
  ) {
    self.opener = opener
    self.key = key
    self.word = word
    self.clock = clock
    self.observer = observer
  }

  /// All that is to be done now, for all nodes and for this one. What fails is done again by the next round.
  func round() {
    do throws(NodeError) {
      var tools = try connected()
      try asServer { () throws(PostgresError) in
        try tools.folder.round()
        _ = try twins.empty(tools.session)
        let tick = try tools.session.run(DayTableStatements.time)[0].integer(0)
        try makeDays(from: Day(tick: tick), tools.session)
        if let rules = word.withLock({ $0.rules }) { try remove(rules, tick: tick, &tools) }
        self.tools = tools
        if tools.day != Day(tick: tick) { end() }
      }
      isFailing = false
    } catch {
      end()
      if !isFailing { observer?.storeKeepingFailed(StoreError(error)) }
      isFailing = true
    }
  }

  /// Two days ahead, so that no commit needs to.
  private func makeDays(from today: Day, _ session: KeeperSession) throws(PostgresError) {
    days = days.filter { $0 >= today }
    for ahead in 0...2 {
      let day = today.advanced(by: Int64(ahead))
      guard !days.contains(day) else { continue }
      // Else somebody is in the way: with the next round.
      if try session.locks(statements.make(day)) { days.insert(day) }
    }
  }

  private func remove(_ rules: KeepingRules, tick: Int64, _ tools: inout Tools) throws(PostgresError) {
    let bytes = try usage.size(tools.session)
    guarded.measured(bytes, of: rules.maxBytes)
    let wish = DayRemover.Wish(rules, now: clock.now(), tick: tick, isForRoom: guarded.isShrinking)
    let outcome = try tools.remover.round(wish)
    if outcome == .nothing, guarded.isShrinking { guarded.allIsGone(bytes, of: rules.maxBytes) }
    let refusal = guarded.refusal
    word.withLock { $0.refusal = refusal }
  }

  private func connected() throws(NodeError) -> Tools {
    if let tools { return tools }
    let session = KeeperSession(connection: try opener.open(.keeping), key: key, limit: opener.limit)
    let tick = try asServer { () throws(PostgresError) in
      try session.run(DayTableStatements.time)[0].integer(0)
    }
    let opened = Tools(
      session: session, folder: BookFolder(session), remover: DayRemover(session), day: Day(tick: tick))
    tools = opened
    return opened
  }

  func end() {
    tools?.session.connection.close()
    tools = nil
  }
}

@available(*, unavailable)
extension KeeperLoop: Sendable {}
