/// What a server, a database and a role are like, as far as a node cares.
struct ServerFacts: Sendable, Equatable {
  /// A session that holds one of the store's locks.
  struct OtherRole: Sendable, Equatable {
    var name: String
    /// Whether this role may end that one's sessions.
    var canBeEnded: Bool
    /// Whether that one may end this one's.
    var canEnd: Bool
  }

  /// As `server_version_num`: 150018 is 15.18.
  var version: Int
  var isStandby: Bool
  /// New transactions can't write.
  var isReadOnly: Bool
  var encoding: String
  var hasFsync: Bool
  var hasFullPageWrites: Bool
  /// What this role may open in this database: the least of the server's, the database's and the role's limit.
  var connectionLimit: Int
  var database: String
  var role: String
  var canCreateSchema: Bool
  var hasSchema: Bool
  /// It may use the schema, and create tables in it.
  var canUseSchema: Bool
  /// It is, or belongs to, the role that the store's tables belong to. True where there are none yet.
  var ownsTables: Bool
}
