/// What a notice can be about. The raw values are the words of `notify.NAME.on`, and of a notice's `kind`.
package enum NoticeKind: String, Hashable, Sendable, CaseIterable {
  case down, late, dead, overflow, quiet, refused, orphaned, paused, store, reload, clock, certificate
  case attachments

  /// It begins with something that happens, and ends an hour after the last time; the others are states.
  package var isCounted: Bool {
    switch self {
    case .dead, .overflow, .attachments: true
    case .down, .late, .quiet, .refused, .orphaned, .paused, .store, .reload, .clock, .certificate: false
    }
  }
}

/// An entry of `notify`: where people, or a dead man's switch, are told how the relay is.
package struct NoticeReceiver: Sendable, Equatable {
  package enum Format: String, Hashable, Sendable, CaseIterable {
    /// All that there is to say, for programs.
    case json
    /// `{"text": …}`, which many chats take.
    case slack
    /// No notices: a request again and again while the relay is ready.
    case heartbeat
  }

  package var name: String
  /// Absolute, `http` or `https`. It often holds a token: never printed whole.
  package var url: Secret
  package var format = Format.json
  /// How long a state lasts before it is told.
  package var patience = Duration.seconds(5 * 60)
  /// How long after that it is told again, and again; nil: never.
  package var repetition: Duration? = .seconds(24 * 3_600)
  /// How far apart the requests of a `heartbeat` are.
  package var every = Duration.seconds(60)
  package var kinds = Set(NoticeKind.allCases)
  package var network = NetworkPolicy()

  package init(name: String, url: Secret) {
    self.name = name
    self.url = url
  }
}
