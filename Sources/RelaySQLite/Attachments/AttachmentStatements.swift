import RelayCore

/// The index's tables, and the statements that it asks and changes them with.
///
/// `due` says when something is to be done about a row: a pending one is tried, a fetched or failed one's event is looked at, an ended
/// one is forgotten. `stored` counts how many rows of a source need a file.
struct AttachmentStatements {
  let recordedThrough: Statement
  let setRecordedThrough: Statement
  private let insertLink: Statement
  let pending: Statement
  let next: Statement
  let pendingCount: Statement
  let again: Statement
  let failed: Statement
  let fetched: Statement
  let addUse: Statement
  let toLookAt: Statement
  let look: Statement
  let keep: Statement
  let oldest: Statement
  let bytes: Statement
  let needs: Statement
  let row: Statement
  let end: Statement
  let remove: Statement
  let removeUse: Statement
  let removeUnused: Statement
  let forget: Statement
  let ofEvent: Statement

  static func createSchema(_ connection: Connection, version: Int64) throws(StoreError) {
    try connection.execute(
      """
      BEGIN IMMEDIATE;
      CREATE TABLE attachment (
        event BLOB NOT NULL, place INTEGER NOT NULL, source TEXT NOT NULL, state INTEGER NOT NULL,
        due INTEGER NOT NULL, received INTEGER NOT NULL, keep INTEGER NOT NULL, url TEXT,
        tries INTEGER NOT NULL DEFAULT 0, settled INTEGER, hash TEXT, bytes INTEGER, content_type TEXT,
        name TEXT, reason TEXT, PRIMARY KEY (event, place)) WITHOUT ROWID, STRICT;
      CREATE INDEX attachment_due ON attachment (state, due);
      CREATE INDEX attachment_fetched ON attachment (source, event, place) WHERE state = 1;
      CREATE TABLE stored (
        hash TEXT NOT NULL, source TEXT NOT NULL, bytes INTEGER NOT NULL, uses INTEGER NOT NULL,
        PRIMARY KEY (hash, source)) WITHOUT ROWID, STRICT;
      CREATE TABLE mark (id INTEGER PRIMARY KEY CHECK (id = 1), recorded_through INTEGER) STRICT;
      INSERT INTO mark (id) VALUES (1);
      PRAGMA user_version = \(version);
      COMMIT
      """)
  }

  init(_ connection: Connection) throws(StoreError) {
    recordedThrough = try connection.prepare("SELECT recorded_through FROM mark")
    setRecordedThrough = try connection.prepare("UPDATE mark SET recorded_through = ?1")
    insertLink = try connection.prepare(
      """
      INSERT INTO attachment (event, place, source, state, due, received, keep, url)
      VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING
      """)
    pending = try connection.prepare(
      """
      SELECT event, place, source, url, received, tries, due FROM attachment
      WHERE state = 0 AND due <= ?1 ORDER BY due LIMIT ?2
      """)
    next = try connection.prepare("SELECT MIN(due) FROM attachment WHERE state = ?1")
    pendingCount = try connection.prepare("SELECT COUNT(*) FROM attachment WHERE state = 0")
    again = try connection.prepare(
      """
      UPDATE attachment SET tries = ?3, due = ?4, reason = ?5
      WHERE event = ?1 AND place = ?2 AND state = 0
      """)
    failed = try connection.prepare(
      """
      UPDATE attachment SET state = 2, url = NULL, reason = ?3, due = ?4
      WHERE event = ?1 AND place = ?2 AND state = 0
      """)
    fetched = try connection.prepare(
      """
      UPDATE attachment
      SET state = 1, url = NULL, hash = ?3, bytes = ?4, content_type = ?5, name = ?6, due = ?7, reason = NULL
      WHERE event = ?1 AND place = ?2 AND state = 0
      """)
    addUse = try connection.prepare(
      """
      INSERT INTO stored (hash, source, bytes, uses)
      SELECT hash, source, bytes, 1 FROM attachment WHERE event = ?1 AND place = ?2
      ON CONFLICT (hash, source) DO UPDATE SET uses = uses + 1 RETURNING uses
      """)
    toLookAt = try connection.prepare(
      """
      SELECT event, place, source, keep, settled, hash, received FROM attachment
      WHERE state = ?1 AND due <= ?2 ORDER BY due LIMIT ?3
      """)
    look = try connection.prepare(
      "UPDATE attachment SET due = ?3, settled = ?4 WHERE event = ?1 AND place = ?2 AND state IN (1, 2)")
    keep = try connection.prepare(
      """
      UPDATE attachment SET keep = ?2, due = CASE WHEN state IN (1, 2) THEN ?3 ELSE due END
      WHERE source = ?1 AND keep <> ?2 AND state < 3
      """)
    oldest = try connection.prepare(
      """
      SELECT event, place, source, keep, settled, hash, received FROM attachment
      WHERE state = 1 AND source = ?1 AND (event, place) > (?2, ?3) ORDER BY event, place LIMIT ?4
      """)
    bytes = try connection.prepare("SELECT source, SUM(bytes) FROM stored GROUP BY source")
    needs = try connection.prepare("SELECT 1 FROM stored WHERE hash = ?1 LIMIT 1")
    row = try connection.prepare("SELECT state, source, hash FROM attachment WHERE event = ?1 AND place = ?2")
    end = try connection.prepare(
      """
      UPDATE attachment SET state = 3, due = ?3, url = NULL, hash = NULL, bytes = NULL, content_type = NULL,
        name = NULL, reason = NULL WHERE event = ?1 AND place = ?2
      """)
    remove = try connection.prepare("DELETE FROM attachment WHERE event = ?1 AND place = ?2")
    removeUse = try connection.prepare("UPDATE stored SET uses = uses - 1 WHERE source = ?1 AND hash = ?2")
    removeUnused = try connection.prepare(
      "DELETE FROM stored WHERE source = ?1 AND hash = ?2 AND uses <= 0 RETURNING bytes")
    forget = try connection.prepare(
      """
      DELETE FROM attachment WHERE (event, place) IN
        (SELECT event, place FROM attachment WHERE state = 3 AND due <= ?1 ORDER BY due LIMIT 1000)
      """)
    ofEvent = try connection.prepare(
      """
      SELECT place, state, hash, bytes, content_type, name, reason FROM attachment
      WHERE event = ?1 ORDER BY place
      """)
  }

  func insert(_ link: PendingAttachment, keep: Duration) throws(StoreError) {
    insertLink.bind(1, link.key.event)
    insertLink.bind(2, link.key.place)
    insertLink.bind(3, link.source)
    insertLink.bind(4, link.due)
    insertLink.bind(5, link.receivedAt)
    insertLink.bind(6, keep)
    insertLink.bind(7, link.url.reveal)
    try insertLink.run()
  }
}
