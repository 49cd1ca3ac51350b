import RelayCore

/// What two nodes must not both store, as 128 bits: the unique key of the tables of twins.
///
/// It is the first half of the envelope's hash, with what else makes it another one. Envelopes whose bytes differ have the same key as good
/// as never, and where they have, nothing is lost: `Twins`.
struct TwinKey: Hashable, Sendable {
  let high: UInt64
  let low: UInt64

  /// An envelope that is stored.
  ///
  /// - Parameter previous: The first id of the last one with the same bytes, as this node knows it, which came before the window: so the
  ///   bytes may come again once the window is over, however long the key of before stays.
  init(_ envelope: DuplicateMap.Key, after previous: EventID?) {
    // An odd number without a pattern: two sources that send the same bytes have different keys.
    let source = UInt64(UInt32(bitPattern: envelope.source)) &* 0x9E37_79B9_7F4A_7C15
    high = envelope.words.0 ^ source ^ (previous?.high ?? 0)
    low = envelope.words.1 ^ (previous?.low ?? 0)
  }

  /// An event that gets deliveries for the first time, since its envelope has come again.
  init(routing event: EventID) { self.init(event) }

  /// As it stands in a row.
  init(_ column: EventID) { self.init(high: column.high, low: column.low) }

  private init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The one to take instead where this one stands for something that nobody remembers any more: all nodes that find that take the same.
  var next: TwinKey {
    TwinKey(high: (high ^ low) &* 0x9E37_79B9_7F4A_7C15, low: low &+ 0x632B_E59B_D9B4_E019)
  }
}

extension TwinKey: Comparable {
  /// As PostgreSQL compares them.
  static func < (a: TwinKey, b: TwinKey) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension TwinKey: WireValue {
  static var columnType: ColumnType { .uuid }
  var width: Int { 16 }

  func write(to place: UnsafeMutableRawPointer) { EventID(high: high, low: low).write(to: place) }
}
