import RelayCore

/// How far back the unlisted deliveries of the node reach: a pure value. Those that so many others have come after are listed, a step at
/// a time, so that what a crash leaves unlisted is found by looking through the end of the table.
struct UnlistedTail: Equatable {
  /// How many of the newest deliveries may be unlisted, with one step and what one commit brings beside them.
  static let length = 32_768
  /// The tail is looked through in pieces, so that no commit has much to do for it.
  static let step = 2_048

  /// No delivery before this one is unlisted.
  private(set) var first: DeliveryID
  /// Where steps begin behind `first`, in order: each at least `step` deliveries after the one before.
  private var marks: [DeliveryID] = []
  /// How many deliveries have come since the last mark.
  private var count = 0

  init(first: DeliveryID) {
    self.first = first
  }

  /// A commit has brought so many.
  ///
  /// - Parameter first: The first of them.
  mutating func came(_ deliveries: Int, from first: DeliveryID) {
    guard deliveries > 0 else { return }
    if count >= Self.step || marks.isEmpty {
      marks.append(first)
      count = 0
    }
    count += deliveries
  }

  /// What is to be listed: from `first` to before this one. nil: the tail is short enough.
  var nextEnd: DeliveryID? { marks.count > Self.length / Self.step + 1 ? marks[1] : nil }

  /// That is done; or nothing before this one is unlisted.
  mutating func listed(to end: DeliveryID) {
    first = max(first, end)
    marks.removeAll { $0 < end }
  }
}
