import RelayCore

/// How it stands with one receiver of notices.
package struct NoticeStanding: Sendable, Equatable {
  package var name: String
  package var format: NoticeReceiver.Format
  /// How many notices wait for it.
  package var waiting: Int
  /// Since when every request to it has failed, by the steady clock; of notices over restarts. nil: the last one was taken, or there
  /// was none.
  package var failingSince: Timestamp?
  /// For how long.
  package var failingFor: Duration?
  /// What came of the last one, while they fail; secrets masked.
  package var lastFailure: String?

  package init(name: String, format: NoticeReceiver.Format, waiting: Int, failingSince: Timestamp? = nil) {
    self.name = name
    self.format = format
    self.waiting = waiting
    self.failingSince = failingSince
  }
}
