/// What is known in memory of each destination's fresh deliveries in the store.
///
/// A walk that begins too early costs time; one that begins too late, or a lane that stays behind for ever, loses sight of
/// deliveries until the next start. So whatever makes a fresh delivery claimable says so here, and a lane that gives one
/// back comes again.
struct BacklogTable {
  private struct Backlog {
    /// No fresh delivery in the index before this one can be claimed: a walk need not pass over what its lane holds.
    var claimableFrom: Int64 = 0
    /// Given back unlisted, in their order if `isInOrder`; some may have been listed since.
    var returned: ArraySlice<Int64> = []
    var isInOrder = true
    /// Its lane has given back fresh ones, and not come to the end of the store's since.
    var isBehind = false
  }

  /// By their rows' ids, which are given out one after another.
  private var backlogs: [Backlog] = []

  func claimableFrom(_ destination: Int64) -> Int64 { backlog(destination).claimableFrom }

  /// Whether its lane would give back what arrives now.
  func isBehind(_ destination: Int64) -> Bool { backlog(destination).isBehind }

  /// What was given back unlisted, oldest first.
  mutating func returned(_ destination: Int64) -> ArraySlice<Int64> {
    guard destination < backlogs.count else { return [] }
    if !backlogs[Int(destination)].isInOrder {
      change(destination) {
        $0.returned.sort()
        $0.isInOrder = true
      }
    }
    return backlogs[Int(destination)].returned
  }

  /// A walk has come to `row`, and can claim none before it but the `returned` that are left.
  mutating func walked(to row: Int64, of destination: Int64, returned: ArraySlice<Int64>, isExhausted: Bool) {
    change(destination) {
      $0.claimableFrom = row
      $0.returned = returned
      if isExhausted { $0.isBehind = false }
    }
  }

  /// A look beyond what is next has taken the others of the `returned`.
  mutating func keep(returned: ArraySlice<Int64>, of destination: Int64) {
    change(destination) { $0.returned = returned }
  }

  mutating func becameClaimable(_ row: Int64, of destination: Int64) {
    change(destination) { $0.claimableFrom = min($0.claimableFrom, row) }
  }

  mutating func wasReturned(_ row: Int64, of destination: Int64) {
    change(destination) {
      if let last = $0.returned.last, last > row { $0.isInOrder = false }
      $0.returned.append(row)
    }
  }

  mutating func fellBehind(_ destination: Int64) {
    change(destination) { $0.isBehind = true }
  }

  private func backlog(_ destination: Int64) -> Backlog {
    destination < backlogs.count ? backlogs[Int(destination)] : Backlog()
  }

  private mutating func change(_ destination: Int64, _ body: (inout Backlog) -> Void) {
    while backlogs.count <= destination { backlogs.append(Backlog()) }
    body(&backlogs[Int(destination)])
  }
}
