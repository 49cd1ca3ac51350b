import RelayCore

/// Where a commit's numbers begin: at the server's time in microseconds, and above all that its node has given before. Every statement of
/// a commit computes the same, since all of them have the transaction's time; the last one tells it.
///
/// A number is a tick and, in the last 12 bits, the node's slot: so numbers rise in order of arrival over all nodes, and none is given
/// twice. A statement with this has as `$1` the lowest tick that the node may give, and as `$2` its slot.
enum CommitBase {
  static let slotBits: Int64 = 12

  static let cte = """
    WITH base AS MATERIALIZED (SELECT greatest($1, (extract(epoch FROM now()) * 1000000)::int8) AS tick)
    """

  static func number(_ tick: Int64, slot: Int16) -> Int64 { tick << slotBits | Int64(slot) }
}
