/// How much of a lane's backlog may stand in memory: three quarters for fresh deliveries, a quarter for retries.
package struct LaneWindow: Hashable, Sendable {
  /// So many deliveries are claimed at once at most: meanwhile the store does nothing else.
  static let maxClaim = 512

  package var deliveries: Int
  package var bytes: Int

  package init(deliveries: Int, bytes: Int) {
    self.deliveries = deliveries
    self.bytes = bytes
  }

  /// What of it one kind may take.
  func part(of kind: ClaimRequest.Kind) -> LaneWindow {
    switch kind {
    case .fresh: LaneWindow(deliveries: deliveries / 4 * 3, bytes: bytes / 4 * 3)
    // They wait for their time in the store: a few are enough to keep the slots busy.
    case .retrying: LaneWindow(deliveries: deliveries / 4, bytes: bytes / 4)
    }
  }

  /// A share of what all lanes may hold together (64 MiB), enough for a few events each.
  package static func share(ofLanes count: Int) -> LaneWindow {
    LaneWindow(deliveries: 32_768, bytes: max(64 << 10, (64 << 20) / max(1, count)))
  }
}
