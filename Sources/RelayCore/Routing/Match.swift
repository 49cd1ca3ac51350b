/// What a route asks of an event. Every test that is present must hold.
package struct Match: Hashable, Sendable {
  /// Any one of the patterns; nil: not asked.
  package var sources: [WildcardPattern]?
  /// Without case.
  package var events: [WildcardPattern]?
  package var companies: [ScalarPattern]?
  /// Without case. `.null` is met by an event without a channel.
  package var channels: [ScalarPattern]?
  /// In the order in which they were written.
  package var fields: [FieldCondition]

  package init(
    sources: [WildcardPattern]? = nil, events: [WildcardPattern]? = nil, companies: [ScalarPattern]? = nil,
    channels: [ScalarPattern]? = nil, fields: [FieldCondition] = []
  ) {
    self.sources = sources
    self.events = events
    self.companies = companies
    self.channels = channels
    self.fields = fields
  }
}

/// One scalar of the configuration: null, or text that may hold wildcards.
package enum ScalarPattern: Hashable, Sendable {
  case null
  case text(WildcardPattern)
}

extension ScalarPattern: CustomStringConvertible {
  package var description: String {
    switch self {
    case .null: "null"
    case .text(let pattern): pattern.source
    }
  }
}

/// One line of `where`.
package struct FieldCondition: Hashable, Sendable {
  package var path: FieldPath
  package var test: FieldTest

  package init(path: FieldPath, test: FieldTest) {
    self.path = path
    self.test = test
  }
}

/// What a field's value must be. Through an array, any element may satisfy a test.
package indirect enum FieldTest: Hashable, Sendable {
  case equalsAny([ScalarPattern])
  /// Negates the whole test: an absent field satisfies it.
  case not(FieldTest)
  /// True: present and not null.
  case exists(Bool)
  /// Without case; any one of the texts.
  case contains([String])
  /// Both numeric: as numbers; else two strings: by their bytes; else false.
  case compare(Comparison, to: String)
  /// Each of several operators.
  case all([FieldTest])

  package enum Comparison: String, Hashable, Sendable, CaseIterable {
    case greater = "gt"
    case greaterOrEqual = "gte"
    case less = "lt"
    case lessOrEqual = "lte"
  }
}

extension FieldTest: CustomStringConvertible {
  package var description: String {
    switch self {
    case .equalsAny(let patterns) where patterns.count == 1: "\(patterns[0])"
    case .equalsAny(let patterns): "[\(patterns.map(\.description).joined(separator: ", "))]"
    case .not(let test): "not \(test)"
    case .exists(let expected): "exists: \(expected)"
    case .contains(let texts): "contains \(texts.joined(separator: " or "))"
    case .compare(let comparison, let operand): "\(comparison.rawValue) \(operand)"
    case .all(let tests): tests.map(\.description).joined(separator: " and ")
    }
  }
}

/// A rule of routes.yaml.
package struct Route: Hashable, Sendable {
  package enum Action: Hashable, Sendable {
    /// Destination names, in the order in which they were written.
    case deliver(to: [String])
    case drop
  }

  package var name: String
  package var match: Match
  /// Any one of them excludes the event.
  package var except: [Match]
  package var action: Action
  /// No later route sees what this one matched.
  package var stop: Bool

  package init(name: String, match: Match = Match(), except: [Match] = [], action: Action, stop: Bool = false)
  {
    self.name = name
    self.match = match
    self.except = except
    self.action = action
    self.stop = stop
  }
}
