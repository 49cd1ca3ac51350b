/// How large a store is, in bytes.
public struct StoreUsage: Sendable, Equatable {
  /// Of live data, each page once: what `max_size` is about.
  public var liveBytes: Int
  /// Of the log beside it; nil: there is none.
  public var logBytes: Int?

  public init(liveBytes: Int, logBytes: Int? = nil) {
    self.liveBytes = liveBytes
    self.logBytes = logBytes
  }
}
