/// What is known in memory of each destination's fresh deliveries in the store. Wrong guesses cost time alone.
struct BacklogTable {
  private struct Backlog {
    /// No fresh delivery before this one can be claimed: a walk need not pass over what its lane holds.
    var claimableFrom: Int64 = 0
    /// Its lane has given back fresh ones, and not come to the end of the store's since.
    var isBehind = false
  }

  /// By their rows' ids, which are given out one after another.
  private var backlogs: [Backlog] = []

  func claimableFrom(_ destination: Int64) -> Int64 { backlog(destination).claimableFrom }

  /// Whether its lane comes for what arrives now: it would give it back.
  func isBehind(_ destination: Int64) -> Bool { backlog(destination).isBehind }

  /// A walk has come to `row`, and can claim none before it.
  mutating func walked(to row: Int64, of destination: Int64, isExhausted: Bool) {
    change(destination) {
      $0.claimableFrom = row
      if isExhausted { $0.isBehind = false }
    }
  }

  mutating func becameClaimable(_ row: Int64, of destination: Int64) {
    change(destination) { $0.claimableFrom = min($0.claimableFrom, row) }
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
