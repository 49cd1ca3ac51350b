/// What a node asks of a server before it writes anything.
enum ServerStatements {
  /// Sets all settings of a session, and shows nothing of them: a session that is another one for each transaction would show them here.
  static let set = Statement(
    name: "set_session",
    sql: "SELECT count(set_config(name, value, false)) FROM unnest($1, $2) AS setting (name, value)",
    types: [.textArray, .textArray])

  /// The values of settings, in their order; null for one that the server does not know.
  static let show = Statement(
    name: "show_session",
    sql: """
      SELECT current_setting(name, true) FROM unnest($1) WITH ORDINALITY AS setting (name, place) ORDER BY place
      """,
    types: [.textArray])

  /// Which session this is. Several statements of the same text: a pooler may give each to another session, where a name is not known.
  static func backend(_ question: Int) -> Statement {
    Statement(name: "backend_\(question)", sql: "SELECT pg_backend_pid()")
  }

  /// One row: `ServerFacts`. A reserved connection is for superusers, and from PostgreSQL 16 for whom the server's owner chose.
  static let facts = Statement(
    name: "server_facts",
    sql: """
      SELECT current_setting('server_version_num')::int4, pg_is_in_recovery(),
        current_setting('transaction_read_only')::bool, current_setting('server_encoding'),
        current_setting('fsync')::bool, current_setting('full_page_writes')::bool,
        least(
          current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
            - coalesce(current_setting('reserved_connections', true)::int4, 0),
          nullif(d.datconnlimit, -1), nullif(r.rolconnlimit, -1)),
        d.datname::text, r.rolname::text,
        has_database_privilege(d.oid, 'CREATE'),
        s.oid IS NOT NULL,
        coalesce(has_schema_privilege(s.oid, 'USAGE') AND has_schema_privilege(s.oid, 'CREATE'), false),
        coalesce(
          (SELECT pg_has_role(t.relowner, 'USAGE') FROM pg_class t
            WHERE t.relnamespace = s.oid AND t.relname = 'store' AND t.relkind = 'r'), true)
      FROM pg_database d
        JOIN pg_roles r ON r.rolname = current_user
        LEFT JOIN pg_namespace s ON s.nspname = $1
      WHERE d.datname = current_database()
      """,
    types: [.text])

  /// A row for each role that holds locks of this store: its name, whether this one may end its sessions, and whether it may end this one's.
  static let roles = Statement(
    name: "lock_roles",
    sql: """
      SELECT o.rolname::text,
        bool_and(
          m.rolsuper
            OR (NOT o.rolsuper AND (pg_has_role(m.oid, o.oid, 'USAGE') OR pg_has_role(m.oid, s.oid, 'USAGE')))),
        bool_and(
          o.rolsuper
            OR (NOT m.rolsuper AND (pg_has_role(o.oid, m.oid, 'USAGE') OR pg_has_role(o.oid, s.oid, 'USAGE'))))
      FROM pg_locks l
        JOIN pg_stat_get_activity(l.pid) a ON true
        JOIN pg_roles o ON o.oid = a.usesysid
        JOIN pg_roles m ON m.rolname = current_user
        JOIN pg_roles s ON s.rolname = 'pg_signal_backend'
      WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = $1::int8::oid
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      GROUP BY o.rolname
      """,
    types: [.int4])
}
