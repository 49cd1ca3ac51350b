import RelayCore
import RelayStoring

/// What nodes tell each other of what they have stored.
struct NewsStatements: Sendable {
  private let insert: Statement
  private let newer: Statement
  private let ends: Statement
  private let forget: Statement

  /// How many commits of a slot are read at once.
  static let page = 256
  /// How long a row stays that nobody may have read.
  private static let kept = Duration.seconds(60)

  init(_ names: TableNames) {
    insert = Statement(
      name: "insert_news",
      sql: """
        \(CommitBase.cte)
        INSERT INTO \(names.news) (slot, sequence, previous, base, destinations, replayed, key_destinations, keys,
          envelopes, at)
        SELECT $2, $3, $4, base.tick, $5, $6, $7, $8, $9, (extract(epoch FROM now()) * 1000000)::int8 FROM base
        """,
      types: [.int8, .int2, .int8, .int8, .int4Array, .int4Array, .int4Array, .textArray, .bytea])
    // Of the rows that one commit's order keys make, one has its envelopes.
    newer = Statement(
      name: "newer_news",
      sql: """
        SELECT n.slot, n.sequence, n.previous, n.base, n.destinations, n.replayed, k.destination, k.order_key, n.at,
          (extract(epoch FROM clock_timestamp()) * 1000000)::int8,
          CASE WHEN row_number() OVER (PARTITION BY n.slot, n.sequence) = 1 THEN n.envelopes END
        FROM node s LEFT JOIN unnest($2::int2[], $3::int8[]) AS r(slot, sequence) ON r.slot = s.slot
        CROSS JOIN LATERAL (
          SELECT * FROM \(names.news) n WHERE n.slot = s.slot AND n.sequence > coalesce(r.sequence, 0)
          ORDER BY n.sequence LIMIT \(Self.page)) n
        LEFT JOIN LATERAL (
          SELECT * FROM unnest(n.key_destinations, n.keys) AS k(destination, order_key)
          WHERE k.destination = ANY($4)) k ON true
        WHERE s.slot <> $1 ORDER BY n.slot, n.sequence
        """,
      types: [.int2, .int2Array, .int8Array, .int4Array])
    ends = Statement(
      name: "ends_of_news",
      sql: """
        SELECT s.slot, n.sequence FROM node s CROSS JOIN LATERAL (
          SELECT sequence FROM \(names.news) n WHERE n.slot = s.slot ORDER BY sequence DESC LIMIT 1) n
        """)
    forget = Statement(
      name: "forget_news",
      sql: """
        DELETE FROM \(names.news) WHERE slot = $1 AND sequence < $2
          AND base < \(CommitBase.tick(of: "now()")) - \(Self.kept.microseconds)
        """,
      types: [.int2, .int8])
  }

  // MARK: Writing

  /// - Parameters:
  ///   - sequence: The commit's.
  ///   - previous: That of the last commit of this node that had news.
  func insert(_ news: NewsDraft, sequence: Int64, after previous: Int64, in commit: PendingCommit) {
    let keys = Array(news.keys)
    var parameters = commit.parameters(capacity: 48 * keys.count + 512)
    parameters.add(sequence)
    parameters.add(previous)
    parameters.add(array: news.destinations.map { Int32($0.rawValue) })
    parameters.add(array: news.replayed.map { Int32($0.rawValue) })
    parameters.add(array: keys.lazy.map { Int32($0.destination.rawValue) })
    parameters.add(array: keys.lazy.map { StoredText.written($0.text) })
    let envelopes = news.envelopes.isEmpty ? nil : ToldEnvelopes.packed(news.envelopes, at: commit.now)
    parameters.add(envelopes)
    commit.add(insert, parameters)
  }

  /// Removes a node's old ones, but for its last.
  func forget(of slot: Int16, before last: Int64, in pipeline: inout Pipeline) {
    var parameters = Parameters()
    parameters.add(slot)
    parameters.add(last)
    pipeline.add(forget, parameters)
  }

  // MARK: Reading

  /// What others have stored since: of all slots in one snapshot, each in order, a page at most.
  ///
  /// - Parameter destinations: Whose order keys are asked for.
  func newer(
    than cursor: NewsCursor, for slot: Int16, keysOf destinations: [DestinationRowID],
    in pipeline: inout Pipeline
  ) {
    var parameters = Parameters(capacity: 16 * destinations.count + 512)
    let read = Array(cursor.read)
    parameters.add(slot)
    parameters.add(array: read.lazy.map(\.key))
    parameters.add(array: read.lazy.map(\.value))
    parameters.add(array: destinations.lazy.map { Int32($0.rawValue) })
    pipeline.add(newer, parameters)
  }

  static func news(_ rows: Rows) -> [NewsRow] {
    var news: [NewsRow] = []
    for row in rows {
      let (slot, sequence) = (Int16(row.int32(0)), row.integer(1))
      if news.last?.slot != slot || news.last?.sequence != sequence {
        news.append(
          NewsRow(
            slot: slot, sequence: sequence, previous: row.integer(2), base: row.integer(3),
            destinations: row.integers(4).map(DestinationRowID.init(rawValue:)),
            replayed: row.integers(5).map(DestinationRowID.init(rawValue:)), keys: [], readAt: row.integer(9))
        )
      }
      if let packed = row.optionalBytes(10) {
        let time = Duration.microseconds(row.integer(9) - row.integer(8))
        let told = ToldEnvelopes.read(packed, after: time)
        news[news.count - 1].envelopes = told ?? []
        news[news.count - 1].hasMoreEnvelopes = told == nil
      }
      guard let destination = row.optionalInteger(6) else { continue }
      let key = OrderKey(
        destination: DestinationRowID(rawValue: destination), text: StoredText.read(row.text(7)))
      news[news.count - 1].keys.append(key)
    }
    return news
  }

  /// The last news of each slot.
  func ends(in pipeline: inout Pipeline) { pipeline.add(ends) }

  static func ends(_ rows: Rows) -> [(slot: Int16, sequence: Int64)] {
    rows.map { (Int16($0.int32(0)), $0.integer(1)) }
  }
}
