/// Which destinations' lanes are held, and who waits for it: docs/decisions/0007-quiet-lanes.md.
///
/// Holds nest: a lane is resumed when it has been resumed as often as held. A destination without a lane can be held too; its
/// lane then begins held.
struct LaneHolds: Sendable {
  private struct Waiting: Sendable {
    var token: Int
    /// Lanes whose claims under way have yet to be answered.
    var claiming: Set<String>
  }

  private var depths: [String: Int] = [:]
  private var waiting: [Waiting] = []

  func contains(_ name: String) -> Bool { depths[name] != nil }

  mutating func add(_ name: String) { depths[name, default: 0] += 1 }

  /// - Returns: Whether it has been resumed as often as held.
  mutating func remove(_ name: String) -> Bool {
    guard let depth = depths[name] else { return false }
    depths[name] = depth > 1 ? depth - 1 : nil
    return depth == 1
  }

  mutating func wait(_ token: Int, for claiming: Set<String>) {
    waiting.append(Waiting(token: token, claiming: claiming))
  }

  /// A lane's claims are answered.
  ///
  /// - Returns: Whose waiting is over.
  mutating func claimsEnded(of name: String) -> [Int] {
    guard !waiting.isEmpty else { return [] }
    for index in waiting.indices { waiting[index].claiming.remove(name) }
    let done = waiting.filter(\.claiming.isEmpty).map(\.token)
    waiting.removeAll(where: \.claiming.isEmpty)
    return done
  }
}
