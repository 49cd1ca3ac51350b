/// What is counted of one route. Held by whoever routes.
package final class RouteMetrics: Sendable {
  private let matches = Counter()
  private let drops = Counter()

  /// It matched an event.
  package func match(isDrop: Bool) {
    matches.add()
    if isDrop { drops.add() }
  }

  /// Events that it matched since the start; and those of them that it dropped.
  package var matched: Int { matches.value }
  package var dropped: Int { drops.value }
}
