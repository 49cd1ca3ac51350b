import RelayCore

/// What one look at the relay has shown, as far as notices go.
struct NoticeFacts: Sendable, Equatable {
  /// Of each thing that there is; what is missing is there no more.
  var states: [NoticeKey: NoticeState] = [:]
  /// Of those kinds that are counted.
  var counts: [NoticeKey: NoticeCount] = [:]
  /// By the source's name.
  var refusals: [String: SourceCounts] = [:]
}

/// Whether something is so.
struct NoticeState: Sendable, Equatable {
  enum Standing: Sendable {
    case on, off
    /// It can't be seen now: what was told stands, and nothing begins.
    case unknown
    /// Where it was so it still is; but it may be too early to say that it has begun.
    case persists
  }

  var standing: Standing
  /// Since when, by the steady clock; nil: since it was first seen.
  var since: Timestamp?
  /// How long, where that is not the time since then.
  var lasted: Duration?
  /// It is not told before it has lasted so long, whatever `for` says.
  var least = Duration.zero
  /// What is known of it, for people.
  var detail = ""

  static let off = NoticeState(standing: .off)
  static let unknown = NoticeState(standing: .unknown)

  static func persists(_ detail: String) -> NoticeState { NoticeState(standing: .persists, detail: detail) }

  static func on(
    since: Timestamp? = nil, lasted: Duration? = nil, least: Duration = .zero, _ detail: String = ""
  ) -> NoticeState {
    NoticeState(standing: .on, since: since, lasted: lasted, least: least, detail: detail)
  }

  static func off(since: Timestamp) -> NoticeState { NoticeState(standing: .off, since: since) }

  /// It is so, or it is not.
  static func when(_ isOn: Bool, _ detail: @autoclosure () -> String = "") -> NoticeState {
    isOn ? .on(detail()) : .off
  }
}

/// How often something has happened.
struct NoticeCount: Sendable, Equatable {
  /// Since the process's start.
  var total: Int
  /// As the store has it, over restarts; it falls when a person puts things right. nil: the store can't be read.
  var stored: Int?
}

/// What became of a source's requests since the process's start.
struct SourceCounts: Sendable, Equatable {
  /// 401.
  var unauthorized = 0
  /// 403.
  var forbidden = 0
  /// 429.
  var rateLimited = 0
  /// 413.
  var tooLarge = 0
  /// 503.
  var unavailable = 0
  /// Also those that were there already.
  var accepted = 0

  var refused: Int { unauthorized + forbidden + rateLimited + tooLarge + unavailable }
}
