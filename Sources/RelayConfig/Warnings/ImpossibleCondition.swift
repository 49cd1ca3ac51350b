import RelayCore

/// A condition of a match that events of some type can never meet.
struct ImpossibleCondition: Equatable {
  enum Subject: Hashable {
    /// By its place in `Match.fields`.
    case field(Int)
    case channel
  }

  var subject: Subject
  /// `'chat.situation'`, or `channel`: what the events have none of.
  var missing: String
}

extension Match {
  /// The first condition that events of the type can never meet, for want of the field.
  func impossibleCondition(for type: DocumentedEvents.EventType) -> ImpossibleCondition? {
    if let channels, !type.hasChannel, !channels.contains(.null) {
      return ImpossibleCondition(subject: .channel, missing: "channel")
    }
    for (index, field) in fields.enumerated()
    where !type.documents(field.path) && !field.test.isSatisfiedByAbsence {
      return ImpossibleCondition(subject: .field(index), missing: "'\(field.path)'")
    }
    return nil
  }
}

extension FieldTest {
  /// Whether an event without the field meets the test.
  var isSatisfiedByAbsence: Bool {
    switch self {
    case .equalsAny(let patterns): patterns.contains(.null)
    case .not(let test): !test.isSatisfiedByAbsence
    case .exists(let expected): !expected
    case .contains, .compare: false
    case .all(let tests): tests.allSatisfy(\.isSatisfiedByAbsence)
    }
  }
}
