import RelayCore

/// Whether the store is too large, and whether days go for it before their time. Pure: it is told each measure, and what came of it. At the
/// same sizes as in the embedded store.
struct SizeGuard: Equatable {
  /// Why envelopes are refused for the store's size; nil: they are not.
  private(set) var refusal: StoreError?
  /// Above 92 %, and not yet down at 90.
  private(set) var isShrinking = false

  mutating func measured(_ bytes: Int, of maximum: Int) {
    isShrinking = bytes > Self.percent(isShrinking ? 90 : 92, of: maximum)
    if bytes < Self.percent(98, of: maximum) { refusal = nil }
  }

  /// Nothing is left that may go, whatever its age: if it is still too large, the limit holds.
  mutating func allIsGone(_ bytes: Int, of maximum: Int) {
    guard bytes >= maximum else { return }
    refusal = StoreError(
      code: .full,
      message: "what has come today, and what is pending or dead, fill the store (\(maximum >> 20) MiB); "
        + "retry or discard dead letters, discard what is pending, or raise store.max_size")
  }

  private static func percent(_ share: Int, of maximum: Int) -> Int { maximum / 100 * share }
}
