/// Which requests of others this node does now, and which of those that there are it is to begin: a pure value.
struct RequestsUnderWay: Equatable {
  private var rows: [Int64: RequestRow] = [:]

  var isEmpty: Bool { rows.isEmpty }

  subscript(id: Int64) -> RequestRow? { rows[id] }

  /// Those of a line one after another, the first that was asked for first. They are under way from then on.
  ///
  /// - Parameters:
  ///   - found: All that there are, in the order in which they were asked for.
  ///   - isMine: Whether it is this node's to do.
  mutating func begin(_ found: [RequestRow], isMine: (RequestRow) -> Bool) -> [RequestRow] {
    var busy = Set(rows.values.map(\.line))
    var begun: [RequestRow] = []
    for row in found where row.answer == nil && row.isFresh && rows[row.id] == nil && isMine(row) {
      guard busy.insert(row.line).inserted else { continue }
      rows[row.id] = row
      begun.append(row)
    }
    return begun
  }

  /// - Returns: nil: it was not under way.
  mutating func end(_ id: Int64) -> RequestRow? { rows.removeValue(forKey: id) }
}
