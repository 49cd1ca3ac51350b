/// Whether a node can work with a server. Pure: what is wrong, and what to do, in sentences for whoever runs it.
enum ServerCheck {
  /// PostgreSQL 15: `server_version_num`.
  static let oldestVersion = 150_000
  /// The path's, one for heartbeats, one for what people ask, one for searches, and one for what the store does by itself.
  static let connectionsPerNode = 5

  /// nil: it can.
  static func refusal(_ facts: ServerFacts) -> String? {
    if facts.version < oldestVersion {
      return
        "the server is PostgreSQL \(text(ofVersion: facts.version)), and the store needs 15 or newer: upgrade it"
    }
    if facts.isStandby { return standbyRefusal }
    if facts.isReadOnly {
      return
        "the database \(facts.database) is read-only for the role \(facts.role): default_transaction_read_only "
        + "is on. Find out who has set it, and why (some providers do when the disk is full); then ALTER ROLE "
        + "\(quoted(facts.role)) SET default_transaction_read_only = off, or the same for the database"
    }
    if facts.encoding != "UTF8" {
      return
        "the database \(facts.database) has the encoding \(facts.encoding), which does not hold every text: make "
        + "one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    }
    return rightsRefusal(facts)
  }

  static let standbyRefusal =
    "the server is a standby, which can only be read: let store.url name the primary; with several hosts "
    + "in it, target_session_attrs=read-write finds it"

  static let otherStoreRefusal =
    "the database holds another store than the one that this relay has open: do all hosts of store.url lead to the same "
    + "database, and was none of them replaced by a copy?"

  private static func rightsRefusal(_ facts: ServerFacts) -> String? {
    let (role, schema) = (quoted(facts.role), quoted(Schema.name))
    if !facts.hasSchema && !facts.canCreateSchema {
      return
        "the role \(facts.role) may not create the schema \(Schema.name) in the database \(facts.database): GRANT "
        + "CREATE ON DATABASE \(quoted(facts.database)) TO \(role), or CREATE SCHEMA \(schema) AUTHORIZATION \(role)"
    }
    if facts.hasSchema && !facts.canUseSchema {
      return
        "the role \(facts.role) may not use the schema \(Schema.name), or may not create tables in it: GRANT USAGE, "
        + "CREATE ON SCHEMA \(schema) TO \(role)"
    }
    if !facts.ownsTables {
      return
        "the store's tables belong to another role than \(facts.role): connect as that one, or GRANT it TO \(role)"
    }
    return nil
  }

  /// Ending another node's sessions is what makes a take-over safe: each must be able to do it to each other.
  ///
  /// - Parameter roles: Of the sessions that hold locks of the store.
  static func refusal(_ facts: ServerFacts, others roles: [ServerFacts.OtherRole]) -> String? {
    for other in roles {
      let way = "connect all relays as one role, or GRANT pg_signal_backend TO "
      if !other.canBeEnded {
        return
          "another relay is connected as \(other.name), and the role \(facts.role) may not end its sessions, which it must "
          + "be able to do when that relay is stopped or cut off: \(way)\(quoted(facts.role))"
      }
      if !other.canEnd {
        return
          "another relay is connected as \(other.name), and that role may not end the sessions of \(facts.role), which it "
          + "must be able to do when this relay is stopped or cut off: \(way)\(quoted(other.name))"
      }
    }
    return nil
  }

  /// What is said of settings that the session has set, and does not have; nil: there are none.
  static func refusal(_ refused: [SessionSettings.Refused]) -> String? {
    guard let first = refused.first else { return nil }
    let (name, value) = (first.setting.name, first.setting.value)
    return
      "the session has set \(name) to \(value), and the server shows \(first.shown ?? "no such setting"): something "
      + "between, such as a pooler, does not pass the session's settings on. Let store.url name the server itself, or a "
      + "pooler with pool_mode = session"
  }

  /// Where no more is known than that nothing can be written.
  static func readOnlyRefusal(_ address: ServerAddress) -> String {
    "the server at \(address) can only be read: it is a standby, or default_transaction_read_only is on for the role or the "
      + "database. Let store.url name the primary, among others if there are several"
  }

  static let poolerRefusal =
    "a pooler stands between this relay and the server that gives each transaction another session (PgBouncer's transaction or "
    + "statement mode): locks, notifications and prepared statements do not outlive a transaction there. Let store.url name "
    + "the server itself, or a pooler with pool_mode = session"

  /// What it can do with, and should not have to.
  ///
  /// - Parameter nodes: How many there are, this one included.
  static func warnings(_ facts: ServerFacts, nodes: Int) -> [String] {
    var warnings: [String] = []
    if !facts.hasFsync {
      warnings.append(
        "the server has fsync off: what has been answered 200 may be lost, and the whole database with it, when its machine "
          + "crashes. Set fsync = on")
    }
    if !facts.hasFullPageWrites {
      warnings.append(
        "the server has full_page_writes off: a crash of its machine may leave torn pages. Set it on, unless its file "
          + "system writes whole pages")
    }
    let needed = connectionsPerNode * max(1, nodes)
    if facts.connectionLimit < needed {
      let relays = nodes == 1 ? "a relay needs" : "\(nodes) relays need"
      warnings.append(
        "\(relays) \(needed) connections, and the role \(facts.role) may open \(facts.connectionLimit) to the database "
          + "\(facts.database): raise max_connections, or the CONNECTION LIMIT of the role or the database")
    }
    return warnings
  }

  /// `15.18` of 150018.
  static func text(ofVersion version: Int) -> String {
    version >= 100_000
      ? "\(version / 10_000).\(version % 10_000)" : "\(version / 10_000).\(version / 100 % 100)"
  }

  /// As an identifier in SQL.
  private static func quoted(_ name: String) -> String {
    let isPlain = name.wholeMatch(of: #/[a-z_][a-z0-9_]*/#) != nil
    guard !isPlain else { return name }
    return "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
