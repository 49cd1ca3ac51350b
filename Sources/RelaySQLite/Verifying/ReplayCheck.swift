import RelayCore

/// Whether replays, what they have queued, and the way from an event to it agree with each other.
final class ReplayCheck {
  private let strays: Statement
  private let unlinked: Statement
  private let replays: Statement
  private let sums: Statement
  private var check = StoreVerification.Check(
    "replays",
    advice:
      "nothing that was accepted is lost; what is named may be counted or shown wrongly: keep a copy of the store and report this"
  )

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

  /// Of what is settled the replays count also what has gone since; of one that is gone there may be some left.
  private func compare() throws(StoreError) {
    var found: [Int64: [Int]] = [:]
    while try sums.step() { found[sums.integer(0)] = (1...4).map { Int(sums.integer($0)) } }
    var count = 0
    while try replays.step() {
      count += 1
      let id = replays.integer(0)
      let there = found[id] ?? [0, 0, 0, 0]
      let (queued, delivered, dead, discarded) =
        (
          Int(replays.integer(1)), Int(replays.integer(2)), Int(replays.integer(3)), Int(replays.integer(4))
        )
      let pending = queued - delivered - dead - discarded
      func compare(_ what: String, _ said: Int, _ found: Int, isExact: Bool) {
        guard isExact ? said != found : said < found else { return }
        check.found("replay \(id): it says \(said) \(what), and there are \(found)")
      }
      compare("pending", pending, there[0], isExact: true)
      compare("delivered", delivered, there[1], isExact: false)
      compare("dead", dead, there[2], isExact: true)
      compare("discarded", discarded, there[3], isExact: false)
      if (replays.integer(5) == 0) != (replays.integer(6) != 0) {
        check.found(
          "replay \(id): its walk is \(replays.integer(5)), and it says \(replays.integer(6) != 0 ? "no" : "an") end"
        )
      }
    }
    check.count = count
  }
}

@available(*, unavailable)
extension ReplayCheck: Sendable {}
