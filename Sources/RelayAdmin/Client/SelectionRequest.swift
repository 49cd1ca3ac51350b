/// Which deliveries to retry or discard: the body of the request.
public struct SelectionRequest: Sendable, Equatable {
  public enum Which: Sendable, Equatable {
    /// Of deliveries (numbers), or of events (`evt_…`).
    case ids([String])
    /// Names and values as the API has them.
    case filter([FilterItem])
    case all
  }

  public var which: Which
  /// None: dead ones.
  public var states: [String]
  /// Count, and change nothing.
  public var isDryRun = false

  public init(_ which: Which, states: [String] = []) {
    self.which = which
    self.states = states
  }

  public var body: [UInt8] {
    var output = JSONOutput()
    output.object { output in
      switch which {
      case .ids(let ids):
        output.key("ids")
        output.array { output in
          for id in ids { if let number = Int64(id) { number.write(to: &output) } else { output.string(id) } }
        }
      case .filter(let items): for item in items { output.field(item.name, item.value) }
      case .all: output.field("all", true)
      }
      if !states.isEmpty { output.field("state", states) }
      if isDryRun { output.field("dry_run", true) }
    }
    return output.bytes
  }
}

/// One condition of a filter: `destination`, `crm`.
public struct FilterItem: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [FilterItem] {
  /// What follows the `?`.
  public var query: String {
    map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }
}
