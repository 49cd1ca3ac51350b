/// What is counted of one route. Held by whoever routes.
public final class RouteMetrics: Sendable {
  private let matches = Counter()
  private let drops = Counter()

  /// It matched an event.
  public func match(isDrop: Bool) {
    matches.add()
    if isDrop { drops.add() }
  }

  /// Events that it matched since the start; and those of them that it dropped.
  public var matched: Int { matches.value }
  public var dropped: Int { drops.value }
}
