/// How much of a lane's backlog may stand in memory: half of each for fresh deliveries, half for retries.
public struct LaneWindow: Hashable, Sendable {
  /// So many deliveries are claimed at once at most: meanwhile the store does nothing else.
  static let maxClaim = 512

  public var deliveries: Int
  public var bytes: Int

  public init(deliveries: Int, bytes: Int) {
    self.deliveries = deliveries
    self.bytes = bytes
  }

  /// A share of what all lanes may hold together (64 MiB), enough for a few events each.
  public static func share(ofLanes count: Int) -> LaneWindow {
    LaneWindow(deliveries: 32_768, bytes: max(64 << 10, (64 << 20) / max(1, count)))
  }
}
