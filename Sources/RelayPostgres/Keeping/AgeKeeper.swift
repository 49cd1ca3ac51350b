import RelayCore
import RelayStoring

/// Discards dead letters that are older than `store.dead_retention`, and removes the bodies of events that went nowhere and are older than
/// `store.unrouted_retention`: a few with each step, as commits of the store. Where several nodes share the store, each discards the letters of the destinations that it serves.
/// Confined to the store's thread.
///
/// The rest of such an event's row stays as long as its day. A discarded dead letter is settled from then on, and goes with its day, too.
final class AgeKeeper {
  private let session: StoreSession
  private let statements: AgeStatements
  private var dead = AgeSchedule()
  private var unrouted = AgeSchedule()
  /// How far the walk along the events that went nowhere has come. In memory alone: after a restart it begins anew, and finds what it has passed
  /// only where a replay has queued it.
  private var passed = Int64.min
  /// How often a destination had come to this node when dead letters were last looked for.
  private var comings = 0
  /// A step failed: none before this.
  private var retryAt: Timestamp?
  /// There is more to do at once.
  private(set) var hasMore = false

  /// How many rows a step looks at.
  private static let page = 200
  private static let retryInterval = Duration.seconds(1)

  init(_ session: StoreSession, tables: TableNames = TableNames()) {
    self.session = session
    statements = AgeStatements(tables)
  }

  func configure(_ configuration: StoreConfiguration, at now: Timestamp) {
    dead.configure(age: configuration.deadRetention, at: now)
    unrouted.configure(age: configuration.unroutedRetention, at: now)
  }

  /// After each commit.
  func committed(at now: Timestamp) {
    dead.committed(at: now)
    unrouted.committed(at: now)
  }

  /// When to step without another cause; nil: not by time.
  var nextDue: Timestamp? {
    let due = [dead.due, unrouted.due].compactMap { $0 }.min()
    return due.map { max($0, retryAt ?? $0) }
  }

  /// A short step, if something is due.
  ///
  /// - Returns: How many dead letters have grown too old, by the destination's name.
  func step(at now: Timestamp) -> [String: Int] {
    hasMore = false
    // A destination that came has dead letters of any age.
    if comings != session.lanes.comings {
      comings = session.lanes.comings
      dead.mayBeOld(at: now)
    }
    guard let due = nextDue, due <= now else { return [:] }
    retryAt = nil
    do throws(StoreError) {
      let (discarded, isDone) = try discardDead(now)
      hasMore = try !removeBodies(now) || !isDone
      return discarded
    } catch {
      retryAt = now.advanced(by: Self.retryInterval)
      return [:]
    }
  }

  private func discardDead(_ now: Timestamp) throws(StoreError) -> ([String: Int], isDone: Bool) {
    guard let cutoff = dead.cutoff(at: now) else { return ([:], true) }
    let others = session.lanes.others
    let ids = try statements.dead(
      diedBy: cutoff, limit: Self.page, but: others, session.connection)
    var discarded: [String: Int] = [:]
    if !ids.isEmpty {
      let letters = try session.changes.deliveries(ids).filter { $0.state == .dead }
      try session.commit { (commit) throws(StoreError) in
        session.changes.discard(letters, .retention, in: commit)
        return {}
      }
      for letter in letters {
        discarded[session.names.destinations.name(of: Int32(letter.destination.rawValue)), default: 0] += 1
      }
      // Those whose events are missing stay as they are.
      if ids.count == Self.page, !letters.isEmpty { return (discarded, false) }
    }
    dead.walked(head: try statements.firstDeath(but: others, session.connection), at: now)
    return (discarded, true)
  }

  /// - Returns: Whether all that is old is done.
  private func removeBodies(_ now: Timestamp) throws(StoreError) -> Bool {
    guard let cutoff = unrouted.cutoff(at: now) else { return true }
    let events = try statements.unrouted(after: passed, limit: Self.page, session.connection)
    // At what is too young the walk stops; but a time that is yet to come tells nothing of what stands behind it: such a body stays as long
    // as its event.
    let old = events.prefix { $0.received <= cutoff || $0.received > now }
    let gone = old.filter { !$0.isReplayed && $0.received <= cutoff }.map(\.id)
    if !gone.isEmpty {
      try session.commit { commit in
        statements.removeBodies(of: gone, in: commit)
        return {}
      }
    }
    if let last = old.last { passed = last.number }
    if old.count == Self.page { return false }
    unrouted.walked(head: old.count < events.count ? events[old.count].received : nil, at: now)
    return true
  }
}

@available(*, unavailable)
extension AgeKeeper: Sendable {}
