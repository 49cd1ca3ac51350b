import RelayCore

/// Where a commit's numbers begin: at the server's time in microseconds, and above all that its node has given before. Every statement of
/// a commit computes the same, since all of them have the transaction's time; the last one tells it.
///
/// A number is a tick and, in the last 12 bits, the node's slot: so numbers rise in order of arrival over all nodes, and none is given
/// twice. A statement with this has as `$1` the lowest tick that the node may give, and as `$2` its slot.
///
/// A tick is a microsecond of the server's clock. Ticks are counted from the year 2026, in which there was no store yet: so the last number
/// is of the year 2097.
enum CommitBase {
  static let slotBits: Int64 = 12

  /// When ticks begin: 2026-01-01 (UTC), in microseconds since 1970.
  static let firstTick: Int64 = 1_767_225_600_000_000

  static let cte = """
    WITH base AS MATERIALIZED (SELECT greatest($1, \(tick(of: "now()"))) AS tick)
    """

  /// - Parameter time: What gives the server's time in SQL.
  static func tick(of time: String) -> String {
    "(extract(epoch FROM \(time)) * 1000000)::int8 - \(firstTick)"
  }

  static func tick(at time: Timestamp) -> Int64 { time.microseconds - firstTick }

  static func time(of tick: Int64) -> Timestamp { Timestamp(microseconds: tick + firstTick) }

  static func number(_ tick: Int64, slot: Int16) -> Int64 { tick << slotBits | Int64(slot) }
}
