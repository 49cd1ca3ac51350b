import RelayCore

/// Tells events that a person has put in by hand from those that their source has sent: the store knows them alike, but the audit says
/// when somebody began to put one in.
enum PublishedEvents {
  /// What the audit calls it.
  static let action = "sources/publish"
  /// How long it may take from there until the envelope is received: its entry is written to the disk first.
  static let delay = Duration.seconds(10)

  /// - Parameters:
  ///   - received: When a source's newest events were received, in any order; those of one envelope have the same time.
  ///   - published: When people began to put in envelopes of this source, in any order. Each comes to one envelope at most: the first one
  ///     after it.
  /// - Returns: When the newest was received that nobody has put in; nil: it is none of these.
  static func newestPosted(of received: [Timestamp], published: [Timestamp]) -> Timestamp? {
    var left = Set(received).sorted()
    for time in published.sorted() {
      let place = left.firstIndex { $0 >= time }
      if let place, time.duration(to: left[place]) <= delay { left.remove(at: place) }
    }
    return left.last
  }
}
