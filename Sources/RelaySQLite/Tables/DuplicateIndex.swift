import RelayCore
import RelayStoring

/// Which envelope had which hash: the last 500,000, by the source and the first 8 bytes of the hash.
///
/// It only points at a row; whether the rest of the hash, the source and the time fit is for the row to say.
/// What a transaction inserts is found at once, and pushes the oldest out only when the transaction has succeeded:
/// a store that fails for hours forgets nothing. Costs about 60 bytes an envelope. Confined to the store's thread.
final class DuplicateIndex: TransactionMember {
  private struct Entry {
    var key: UInt64
    var row: EnvelopeRowID
  }

  private var rows: [UInt64: EnvelopeRowID] = [:]
  /// The committed entries in order of arrival: the oldest is at `head`.
  private var order: [Entry] = []
  private var head = 0
  /// What the transaction has inserted, and what its key pointed at before.
  private var inserted: [(entry: Entry, previous: EnvelopeRowID?)] = []
  private let limit: Int

  init(limit: Int = 500_000, _ transactions: Transactions) {
    self.limit = limit
    transactions.register(self)
  }

  /// Reads the last ones that earlier runs have stored.
  func load(_ connection: Connection) throws(StoreError) {
    let query = try connection.prepare(
      """
      SELECT id, substr(hash, 1, 8), source FROM envelope
      WHERE id > (SELECT max(id) FROM envelope) - \(limit) AND hash IS NOT NULL ORDER BY id
      """)
    while try query.step() { insert(Self.key(query.bytes(1)!, source: query.row(2)), row: query.row(0)) }
    commit()
  }

  static func key(_ hash: [UInt8], source: SourceRowID) -> UInt64 {
    let prefix = hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    return prefix ^ (UInt64(bitPattern: source.rawValue) &* 0x9E37_79B9_7F4A_7C15)
  }

  var count: Int { rows.count }

  func row(for key: UInt64) -> EnvelopeRowID? { rows[key] }

  func insert(_ key: UInt64, row: EnvelopeRowID) {
    let previous = rows.updateValue(row, forKey: key)
    inserted.append((Entry(key: key, row: row), previous))
  }

  func commit() {
    for insert in inserted { push(insert.entry) }
    inserted.removeAll(keepingCapacity: true)
  }

  func rollback() {
    for insert in inserted.reversed() { rows[insert.entry.key] = insert.previous }
    inserted.removeAll(keepingCapacity: true)
  }

  private func push(_ entry: Entry) {
    guard order.count == limit else { return order.append(entry) }
    let oldest = limit == 0 ? entry : order[head]
    // Its key may have come again since, and then points at a later envelope.
    if rows[oldest.key] == oldest.row { rows[oldest.key] = nil }
    guard limit > 0 else { return }
    order[head] = entry
    head = (head + 1) % limit
  }
}

@available(*, unavailable)
extension DuplicateIndex: Sendable {}
