import RelayCore
import RelayStoring

/// Whether replays, what they have queued, and the way from an event to it agree with each other.
final class ReplayCheck {
  private let strays: Statement
  private let unlinked: Statement
  private let replays: Statement
  private let sums: Statement
  private var check = StoreVerification.Check.replays(keep: SQLiteVerifier.copy)

  init(_ connection: Connection) throws(StoreError) {
    strays = try connection.prepare(
      """
      SELECT r.event, r.delivery, d.event, d.run FROM replayed r LEFT JOIN delivery d ON d.id = r.delivery
      WHERE d.id IS NULL OR d.event <> r.event OR d.run = 0
      """)
    unlinked = try connection.prepare(
      """
      SELECT d.id, d.run FROM delivery d
      WHERE d.run <> 0 AND NOT EXISTS (SELECT 1 FROM replayed r WHERE r.event = d.event AND r.delivery = d.id)
      """)
    replays = try connection.prepare(
      "SELECT id, queued, delivered, dead, discarded, walk, ended IS NULL FROM replay ORDER BY id")
    sums = try connection.prepare(
      """
      SELECT run, sum(state < 3), sum(state = 3), sum(state = 4), sum(state = 5) FROM delivery WHERE run <> 0
      GROUP BY run ORDER BY run
      """)
  }

  func run() throws(StoreError) -> StoreVerification.Check {
    while try strays.step() {
      let (event, delivery) = (strays.integer(0), strays.integer(1))
      check.found(
        "event \(event) leads to the replayed delivery \(delivery), "
          + (strays.isNull(2)
            ? "which is not there"
            : strays.integer(3) == 0
              ? "which no replay has queued" : "which is of event \(strays.integer(2))"))
    }
    while try unlinked.step() {
      check.found(
        "delivery \(unlinked.integer(0)) of replay \(unlinked.integer(1)) can't be found by its event")
    }
    try compare()
    return check
  }

  private func compare() throws(StoreError) {
    var found: [Int64: ReplaySums] = [:]
    while try sums.step() {
      found[sums.integer(0)] = ReplaySums(
        pending: Int(sums.integer(1)), delivered: Int(sums.integer(2)), dead: Int(sums.integer(3)),
        discarded: Int(sums.integer(4)))
    }
    while try replays.step() {
      let said = ReplaySums(
        queued: Int(replays.integer(1)), delivered: Int(replays.integer(2)), dead: Int(replays.integer(3)),
        discarded: Int(replays.integer(4)))
      check.compare(
        replay: replays.integer(0), said, with: found[replays.integer(0)] ?? ReplaySums(),
        walk: replays.integer(5), hasEnded: replays.integer(6) == 0)
    }
  }
}

@available(*, unavailable)
extension ReplayCheck: Sendable {}
