import RelayText
import Synchronization

/// The event types that have a series of their own, over all sources: the first 100, the rest is `other`. Like everywhere,
/// the case of ASCII letters tells no two types apart; the label is the spelling that came first.
///
/// Types come from payloads, so their number and length are bounded here. No thread waits: each type has the first
/// free place from where its hash points, and a place is taken once.
final class EventTypeTable: Sendable {
  static let capacity = 100
  static let maxBytes = 128
  /// Stands for all types that have no place of their own.
  static let other = capacity
  static let otherLabel = "other"

  private final class Place: Sendable {
    let label = AtomicLazyReference<Label>()
  }

  private final class Label: Sendable {
    let text: String

    init(_ text: String) {
      self.text = text
    }
  }

  private let places = (0..<capacity).map { _ in Place() }

  /// The type's place, taken now if it has none yet; `other` if there is none left.
  func place(of type: String) -> Int {
    guard let hash = Self.hash(type) else { return place(of: Self.label(of: type)) }
    // A type of this very name shares its series.
    guard type.utf8.count != Self.otherLabel.utf8.count || !Self.areAlike(type, Self.otherLabel) else {
      return Self.other
    }
    let start = Int(hash % UInt64(Self.capacity))
    for step in 0..<Self.capacity {
      let index = (start + step) % Self.capacity
      let place = places[index]
      let taken = place.label.load() ?? place.label.storeIfNil(Label(type))
      if Self.areAlike(taken.text, type) { return index }
    }
    return Self.other
  }

  /// Who sends chosen types can make it walk over a hundred places: no more than it could anyway.
  ///
  /// - Returns: nil: the type is not its own label.
  private static func hash(_ type: String) -> UInt64? {
    var type = type
    return type.withUTF8 { bytes in
      guard bytes.count <= maxBytes else { return nil }
      var (hash, isPlain) = (FNV1a.start, true)
      for byte in bytes {
        hash = FNV1a.add(byte.asciiLowercased, to: hash)
        isPlain = isPlain && byte >= 0x20 && byte != 0x7F
      }
      return isPlain ? hash : nil
    }
  }

  private static func areAlike(_ one: String, _ other: String) -> Bool {
    // Nearly always they are the same.
    one == other || one.equalsIgnoringASCIICase(other)
  }

  /// The labels of the places that are taken, sorted; `other` is the last.
  var labels: [(place: Int, label: String)] {
    let taken = places.enumerated().compactMap { index, place in place.label.load().map { (index, $0.text) } }
    return taken.sorted { $0.1 < $1.1 } + [(Self.other, Self.otherLabel)]
  }

  /// The type as its label: short, and without control characters, which not every reader takes.
  static func label(of type: String) -> String {
    if type.utf8.count <= maxBytes, type.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return type }
    var label = ""
    for scalar in type.unicodeScalars {
      let shown: Unicode.Scalar = scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar
      guard label.utf8.count + UTF8.width(shown) <= maxBytes else { break }
      label.unicodeScalars.append(shown)
    }
    return label
  }
}
