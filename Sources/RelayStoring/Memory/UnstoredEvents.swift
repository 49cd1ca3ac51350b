import RelayCore

/// Which accepted events of an envelope were not stored, since no route sent them anywhere and only routed ones are kept:
/// their places in the envelope, rising. As bytes: two a place, the higher one first.
package struct UnstoredEvents: Equatable {
  private var places: [UInt16]

  /// nil: all were stored.
  package init?(of envelope: NewEnvelope) {
    guard envelope.events.count < envelope.acceptedCount else { return nil }
    let stored = Set(envelope.events.map { envelope.place(of: $0.event) })
    places = (0..<envelope.acceptedCount).filter { !stored.contains($0) }.map { UInt16($0) }
  }

  package init(_ bytes: [UInt8]) {
    places = stride(from: 0, to: bytes.count - 1, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
  }

  package var isEmpty: Bool { places.isEmpty }

  package var bytes: [UInt8] { places.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }

  /// Those that are in both. An event that was stored never becomes unstored again.
  package static func bytes(in a: [UInt8], and b: [UInt8]) -> [UInt8] {
    guard a != b else { return a }
    var common = UnstoredEvents(a)
    let others = Set(UnstoredEvents(b).places)
    common.places.removeAll { !others.contains($0) }
    return common.bytes
  }

  /// - Returns: Whether it was there.
  package mutating func remove(_ place: Int) -> Bool {
    guard let index = places.firstIndex(of: UInt16(place)) else { return false }
    places.remove(at: index)
    return true
  }
}
