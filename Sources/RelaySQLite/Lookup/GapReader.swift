import RelayCore

/// Reads when senders were turned away. Confined to the thread of its connection.
final class GapReader {
  private let gaps: Statement

  init(_ connection: Connection) throws(StoreError) {
    gaps = try connection.prepare(
      """
      SELECT g.kind, s.name, g.began, g.ended, g.count, g.reason
      FROM gap g LEFT JOIN source s ON s.id = g.source
      """)
  }

  /// All of them, a bounded number, in no order; by the relay's own clock.
  func all() throws(StoreError) -> [Gap] {
    var found: [Gap] = []
    while try gaps.step() {
      // A kind that only a later version knows is passed over.
      guard let kind = Gap.Kind(rawValue: Int(gaps.integer(0))) else { continue }
      found.append(
        Gap(
          kind: kind, source: gaps.text(1), began: gaps.time(2), ended: gaps.time(3),
          count: Int(gaps.integer(4)), reason: gaps.text(5)!))
    }
    return found
  }
}

@available(*, unavailable)
extension GapReader: Sendable {}
