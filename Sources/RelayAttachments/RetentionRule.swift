import RelayCore

/// How an event stands, as far as its files go.
enum EventStanding: Sendable, Equatable {
  /// Some delivery of it is pending or dead: it will need its files, or may.
  case open
  /// None is. `at`: when the last one was settled; of an event without deliveries, when it was received.
  case settled(at: Timestamp)
  /// What it said was erased.
  case erased
  /// The store does not have it any more, so it was settled once.
  case gone
}

/// When a kept file is to go: `keep` after its event was settled. Pure.
enum RetentionRule {
  enum Action: Sendable, Equatable {
    case end
    /// Look again then. `settledAt`: of the event, as far as is known.
    case look(at: Timestamp, settledAt: Timestamp?)
  }

  /// How soon an open event is looked at again: after an hour, and where it is older than a day, after a twenty-fourth of its age, at most
  /// a day. What has been dead for weeks will hardly be settled within the hour.
  static func interval(keep: Duration, age: Duration = .zero) -> Duration {
    let shortest = min(.seconds(3_600), max(.seconds(60), keep))
    return max(shortest, min(age / 24, .seconds(86_400)))
  }

  /// Signed links end with `keep`; so long after the file they are still answered with its end.
  static func rememberedUntil(_ now: Timestamp, keep: Duration) -> Timestamp {
    now.advanced(by: keep).advanced(by: .seconds(86_400))
  }

  static func action(for kept: KeptAttachment, _ standing: EventStanding, now: Timestamp) -> Action {
    switch standing {
    case .erased: return .end
    case .open:
      let age = kept.receivedAt.duration(to: now)
      return .look(at: now.advanced(by: interval(keep: kept.keep, age: age)), settledAt: nil)
    case .settled(let at): return action(settledAt: at, kept.keep, now)
    // The store keeps events no shorter than they were needed; when exactly this one was settled is not known any more.
    case .gone: return action(settledAt: kept.settledAt ?? now, kept.keep, now)
    }
  }

  private static func action(settledAt: Timestamp, _ keep: Duration, _ now: Timestamp) -> Action {
    let end = settledAt.advanced(by: keep)
    return end <= now ? .end : .look(at: end, settledAt: settledAt)
  }
}

extension EventStanding {
  /// - Parameter record: nil: the store does not have it.
  init(_ record: EventRecord?, history: ClockHistory) {
    guard let record else {
      self = .gone
      return
    }
    if record.erasedAt != nil {
      self = .erased
    } else if record.deliveries.contains(where: { $0.state.isPending || $0.state == .dead }) {
      self = .open
    } else {
      let last = record.deliveries.compactMap(\.settledAt).max() ?? record.receivedAt
      self = .settled(at: history.firstMoment(from: last))
    }
  }
}
