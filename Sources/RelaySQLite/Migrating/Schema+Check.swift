import RelayCore

extension Schema {
  /// Whether the database is ours to use: looks, and changes nothing.
  ///
  /// - Throws: `newerSchema` for one that a later release has written, `cannotOpen` for somebody else's.
  static func check(_ connection: Connection, path: String) throws(StoreError) {
    let current = try connection.integer("PRAGMA user_version") ?? 0
    let owner = try connection.integer("PRAGMA application_id") ?? 0
    let tables = try connection.integer("SELECT count(*) FROM sqlite_master") ?? 0
    guard owner == applicationID || tables == 0 else {
      throw StoreError(
        code: .cannotOpen, message: "\(path) is not a store of huggy-relay; choose another store.url")
    }
    guard current <= version else {
      let copy = SchemaCopy.newest(beside: path, upTo: current, openableBy: version)
      throw StoreError(
        code: .newerSchema,
        message: "\(path) was written by a newer huggy-relay (schema \(current), this one knows \(version)); "
          + "run that version, or restore the copy made before it"
          + (copy.map { ": \($0.path) is one, without what came after it" } ?? ""))
    }
  }
}
