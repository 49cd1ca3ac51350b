import RelayCore

/// What a look from outside finds of a server that a relay is to work with.
package struct ServerReport: Sendable, Equatable {
  /// Such as 15.18.
  package var version: String
  package var database: String
  package var role: String
  /// A relay has made its tables there.
  package var hasStore: Bool
  /// How many relays hold the store now.
  package var relays: Int
  /// Of a question and its answer: the best of a few.
  package var roundTrip: Duration
  /// What passes between is not readable for who stands between.
  package var isEncrypted: Bool
  /// It goes through no network but this machine's own.
  package var isLocal: Bool
  /// What a relay can do with, and should not have to.
  package var warnings: [String]
}

extension ServerReport {
  private static let rounds = 5

  /// Connects, looks, and leaves. Changes nothing.
  ///
  /// - Throws: `unreachable`; `cannotOpen` with what to do, where a relay can't work with the server; `newerSchema`.
  package init(of address: DatabaseAddress, within limit: Duration) throws(StoreError) {
    let server = try ServerAddress(address)
    let opener = SessionOpener(
      address: server, applicationName: "huggy-relay doctor", limit: limit, deadline: Deadline(after: limit))
    do throws(NodeError) {
      // Not one for looking: whether transactions could write is to be seen.
      let connection = try opener.open(.watch)
      defer { connection.close() }
      let facts = try opener.inspect(connection)
      let mark = try Migration(connection, within: limit).find()
      var relays = 0
      if let mark {
        let table = SlotTable(connection: connection, key: StoreKey(id: mark.id), limit: limit)
        relays = try asServer { () throws(PostgresError) in try table.look() }.count { $0.hasWriter }
      }
      self.init(
        version: ServerCheck.text(ofVersion: facts.version), database: facts.database, role: facts.role,
        hasStore: mark != nil, relays: relays, roundTrip: try Self.roundTrip(connection, within: limit),
        isEncrypted: connection.isEncrypted, isLocal: server.hosts.allSatisfy(\.isThisMachine),
        warnings: ServerCheck.warnings(facts, nodes: max(1, relays)))
    } catch {
      throw StoreError(opening: error)
    }
  }

  private static func roundTrip(
    _ connection: PostgresConnection, within limit: Duration
  ) throws(NodeError) -> Duration {
    let question = Statement(name: "round_trip", sql: "SELECT 1")
    var best = Duration.seconds(3_600)
    // The first one prepares the statement, too.
    for _ in 0...rounds {
      let start = ContinuousClock.now
      _ = try asServer { () throws(PostgresError) in try connection.run(question, within: limit) }
      best = min(best, start.duration(to: .now))
    }
    return best
  }
}

extension ServerHost {
  fileprivate var isThisMachine: Bool {
    guard let place = address ?? name else { return true }
    return isSocket || place == "localhost" || place == "::1" || place.hasPrefix("127.")
  }
}
