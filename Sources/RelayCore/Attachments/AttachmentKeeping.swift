/// Fetches the files that events point to, and keeps them. From any thread; none of this waits for the network.
package protocol AttachmentKeeping: AttachmentShelf {
  /// From now on sources have these policies.
  func configure(_ sources: [Source])

  /// Events of a source with a policy, just committed. Never blocks: what is too much is read back from the store.
  func arrived(_ events: [Event])

  /// Events were committed, and nobody could say which: those received since then are looked through.
  func missed(since: Timestamp)

  /// Ends what is kept of these events, and what would be fetched. Blocks until it is on disk.
  ///
  /// - Returns: How many attachments that were.
  func erase(_ events: [EventID]) throws(StoreError) -> Int

  /// How it stands.
  var standing: AttachmentStanding { get }
}

/// What became of a link, for counting.
package enum AttachmentOutcome: String, Sendable, CaseIterable {
  case fetched
  /// The origin failed, again and again, or does not have it.
  case failed
  /// It leads, or was redirected, where nothing is asked: to another host, to `http`, to an address that is not of the Internet.
  case refused
  case tooLarge = "too_large"
  /// The origin said that it does not have it (any more), ten minutes after its receipt.
  case expired
  /// `max_total` is full of what is still needed.
  case noRoom = "no_room"
  /// Its host is none of the policy's, so it is left alone: nothing was asked.
  case otherHost = "other_host"

  /// Somebody may be without a file that they should have.
  package var isLoss: Bool {
    switch self {
    case .fetched, .otherHost: false
    case .failed, .refused, .tooLarge, .expired, .noRoom: true
    }
  }
}

/// How attachments stand.
package struct AttachmentStanding: Sendable, Equatable {
  /// Since the start.
  package var counts: [AttachmentOutcome: Int] = [:]
  /// Waiting for their fetch, and being fetched.
  package var pending = 0
  /// Of kept files, by the source's name; what several events point to counts once.
  package var bytes: [String: Int] = [:]
  /// Why the index can't be written or read; nil: it can.
  package var problem: String?
  /// What the last one that was lost came to, for people; names no link.
  package var lastLoss: String?

  package init() {}

  /// Since the start, those that somebody may be without.
  package var losses: Int { counts.reduce(0) { $0 + ($1.key.isLoss ? $1.value : 0) } }
}
