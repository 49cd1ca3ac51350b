import RelayCore

/// How many deliveries of a destination stand where.
public struct Books: Equatable, Sendable {
  public var pending: Int
  public var dead: Int
  public var delivered: Int
  public var discarded: Int
  public var overflowed: Int

  public init(pending: Int = 0, dead: Int = 0, delivered: Int = 0, discarded: Int = 0, overflowed: Int = 0) {
    self.pending = pending
    self.dead = dead
    self.delivered = delivered
    self.discarded = discarded
    self.overflowed = overflowed
  }

  public init(_ destination: StoredDestination) {
    self.init(
      pending: destination.pending, dead: destination.dead, delivered: destination.delivered,
      discarded: destination.discarded, overflowed: destination.overflowed)
  }
}

extension [StoredDestination] {
  /// Of those that have any deliveries, by name.
  public var books: [String: Books] {
    Dictionary(uniqueKeysWithValues: map { ($0.name, Books($0)) }).filter { $0.value != Books() }
  }
}
