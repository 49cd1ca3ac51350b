import RelayCore

/// Which envelope had which hash: the last 500,000, by the first 8 bytes of the hash.
///
/// It only points at a row; whether the rest of the hash, the source and the time fit is for the row to say.
/// Costs about 50 bytes an envelope.
struct DuplicateIndex {
  private var rows: [UInt64: Int64] = [:]
  /// The keys in order of arrival: the oldest is at `head`.
  private var order: [UInt64] = []
  private var head = 0
  private let limit: Int

  init(limit: Int = 500_000) {
    self.limit = limit
  }

  static func key(_ hash: [UInt8]) -> UInt64 {
    hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  func row(for key: UInt64) -> Int64? { rows[key] }

  /// - Returns: What the key pointed at before, for `restore`.
  @discardableResult
  mutating func insert(_ key: UInt64, row: Int64) -> Int64? {
    let previous = rows.updateValue(row, forKey: key)
    if previous == nil {
      if order.count < limit {
        order.append(key)
      } else {
        rows[order[head]] = nil
        order[head] = key
        head = (head + 1) % limit
      }
    }
    return previous
  }

  /// Takes back an insert whose transaction failed. The key's place in the order stays, pointing at nothing.
  mutating func restore(_ key: UInt64, to previous: Int64?) {
    rows[key] = previous
  }
}
