import RelayText

/// Which deliveries to retry or discard: the body of the request.
package struct SelectionRequest: Sendable, Equatable {
  package enum Which: Sendable, Equatable {
    /// The ids of deliveries (numbers) or of events (`evt_…`).
    case ids([String])
    /// Names and values as the API has them.
    case filter([FilterItem])
    case all
  }

  package var which: Which
  /// None: dead ones.
  package var states: [String]
  /// Count, and change nothing.
  package var isDryRun = false

  package init(_ which: Which, states: [String] = []) {
    self.which = which
    self.states = states
  }

  package var body: [UInt8] {
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
package struct FilterItem: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [FilterItem] {
  /// What follows the `?`.
  package var query: String {
    map { "\($0.name.percentEncoded)=\($0.value.percentEncoded)" }.joined(separator: "&")
  }
}
