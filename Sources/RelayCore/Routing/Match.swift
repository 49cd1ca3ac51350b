/// What a route asks of an event. Every test that is present must hold.
public struct Match: Hashable, Sendable {
  /// Any one of the patterns; nil: not asked.
  public var sources: [WildcardPattern]?
  /// Without case.
  public var events: [WildcardPattern]?
  public var companies: [ScalarPattern]?
  /// Without case. `.null` is met by an event without a channel.
  public var channels: [ScalarPattern]?
  /// In the order in which they were written.
  public var fields: [FieldCondition]

  public init(
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
public enum ScalarPattern: Hashable, Sendable {
  case null
  case text(WildcardPattern)
}

extension ScalarPattern: CustomStringConvertible {
  public var description: String {
    switch self {
    case .null: "null"
    case .text(let pattern): pattern.source
    }
  }
}

/// One line of `where`.
public struct FieldCondition: Hashable, Sendable {
  public var path: FieldPath
  public var test: FieldTest

  public init(path: FieldPath, test: FieldTest) {
    self.path = path
    self.test = test
  }
}

/// What a field's value must be. Through an array, any element may satisfy a test.
public indirect enum FieldTest: Hashable, Sendable {
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

  public enum Comparison: String, Hashable, Sendable, CaseIterable {
    case greater = "gt"
    case greaterOrEqual = "gte"
    case less = "lt"
    case lessOrEqual = "lte"
  }
}

extension FieldTest: CustomStringConvertible {
  public var description: String {
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
public struct Route: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    /// Destination names, in the order in which they were written.
    case deliver(to: [String])
    case drop
  }

  public var name: String
  public var match: Match
  /// Any one of them excludes the event.
  public var except: [Match]
  public var action: Action
  /// No later route sees what this one matched.
  public var stop: Bool

  public init(name: String, match: Match = Match(), except: [Match] = [], action: Action, stop: Bool = false)
  {
    self.name = name
    self.match = match
    self.except = except
    self.action = action
    self.stop = stop
  }
}
