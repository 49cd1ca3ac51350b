/// How large a store is, in bytes.
package struct StoreUsage: Sendable, Equatable {
  /// Of live data, each page once: what `max_size` is about.
  package var liveBytes: Int
  /// Of the log beside it; nil: there is none.
  package var logBytes: Int?

  package init(liveBytes: Int, logBytes: Int? = nil) {
    self.liveBytes = liveBytes
    self.logBytes = logBytes
  }
}
