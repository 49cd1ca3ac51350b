import RelayCore
import RelayText

/// What `huggy-relay status` shows of the relays that share the store.
enum NodesText {
  /// - Returns: Nothing, where the store is this relay's alone.
  static func lines(_ nodes: NodesAnswer?, now: Timestamp, pen: Pen) -> [String] {
    guard let nodes, nodes.shared else { return [] }
    typealias Column = TextTable<NodeAnswer>.Column
    let table = TextTable([
      Column("RELAY") { $0.thisRelay ? "\($0.name) (this one)" : $0.name },
      Column("VERSION") { $0.version },
      Column("CONFIGURATION") { TextCell($0.configHash, nodes.configurationsDiffer ? .bad : .plain) },
      Column("SEEN", .right) { "\($0.lastSeenSeconds.ageText) ago" },
      Column("LANES", .right) { $0.lanes.grouped },
      Column("SERVES") { served($0.destinations) },
    ])
    var lines = [""] + table.lines(nodes.nodes, pen)
    if nodes.configurationsDiffer {
      lines.append(
        pen(
          "the relays have different configurations: reload each with the same file (`huggy-relay reload`, with its --admin)",
          .bad))
    }
    if !nodes.unserved.isEmpty {
      lines.append(pen("served by no relay yet: \(served(nodes.unserved))".forTerminal(), .warning))
    }
    return lines
  }

  /// So many of them by their names.
  private static let shown = 4

  private static func served(_ names: [String]) -> String {
    guard !names.isEmpty else { return "-" }
    let rest = names.count - shown
    return names.prefix(shown).joined(separator: ", ") + (rest > 0 ? " and \(rest.grouped) more" : "")
  }
}
