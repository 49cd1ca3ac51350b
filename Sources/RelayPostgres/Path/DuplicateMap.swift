import RelayCore
import RelayStoring

/// Which envelopes came last: so many of them, by their source and the hash of their bytes.
///
/// All that tells one that comes again stands here, since no index of the store has hashes: those are in random order, and cost more
/// than all else that is stored of an envelope. What a commit inserts is found at once, and pushes the oldest out only when the commit has
/// succeeded: a store that fails for hours forgets nothing. About 150 bytes an envelope. Confined to the store's thread.
final class DuplicateMap: CommitMember {
  /// Which bytes came from which source.
  struct Key: Hashable {
    let words: (UInt64, UInt64, UInt64, UInt64)
    let source: Int32

    /// - Parameter hash: 32 bytes; what is shorter ends with zeros.
    init(_ hash: [UInt8], source: Int32) {
      func word(_ start: Int) -> UInt64 {
        (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < hash.count ? hash[$1] : 0) }
      }
      words = (word(0), word(8), word(16), word(24))
      self.source = source
    }

    static func == (a: Key, b: Key) -> Bool { a.words == b.words && a.source == b.source }

    /// They are hashes already.
    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
  }

  private struct Entry {
    var envelope: KnownEnvelope
    /// Which of those that had the same key it is.
    var number: Int
  }

  private var envelopes: [Key: Entry] = [:]
  /// The kept ones in order of arrival: the oldest is at `head`.
  private var order: [(key: Key, number: Int)] = []
  private var head = 0
  private var lastNumber = 0
  /// What the commit has inserted, and what its key had before.
  private var inserted: [(key: Key, number: Int, previous: Entry?)] = []
  private var replaced: [(key: Key, previous: Entry)] = []
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
  }

  subscript(key: Key) -> KnownEnvelope? { envelopes[key]?.envelope }

  func insert(_ envelope: KnownEnvelope, for key: Key) {
    lastNumber += 1
    let previous = envelopes.updateValue(Entry(envelope: envelope, number: lastNumber), forKey: key)
    inserted.append((key, lastNumber, previous))
  }

  /// More of an envelope has been stored.
  func replace(_ envelope: KnownEnvelope, for key: Key) {
    guard let previous = envelopes[key] else { return }
    envelopes[key]?.envelope = envelope
    replaced.append((key, previous))
  }

  /// What stands in the store, or another node has stored: between commits, in order of arrival as far as that is known.
  func learn(_ envelope: KnownEnvelope, for key: Key) {
    if let known = envelopes[key]?.envelope {
      if known.firstEventID == envelope.firstEventID {
        // When it came is known. What another node has stored of it since is stored.
        envelopes[key]?.envelope.unstored = UnstoredEvents.bytes(in: known.unstored, and: envelope.unstored)
        return
      }
      guard known.receivedAt <= envelope.receivedAt else { return }
    }
    lastNumber += 1
    envelopes[key] = Entry(envelope: envelope, number: lastNumber)
    push(key, lastNumber)
  }

  func commit() {
    for insert in inserted { push(insert.key, insert.number) }
    inserted.removeAll(keepingCapacity: true)
    replaced.removeAll(keepingCapacity: true)
  }

  func rollback() {
    for change in replaced.reversed() { envelopes[change.key] = change.previous }
    for insert in inserted.reversed() { envelopes[insert.key] = insert.previous }
    inserted.removeAll(keepingCapacity: true)
    replaced.removeAll(keepingCapacity: true)
  }

  private func push(_ key: Key, _ number: Int) {
    guard order.count == limit else { return order.append((key, number)) }
    let oldest = limit == 0 ? (key, number) : order[head]
    // Its key may have come again since, and then stands for a later envelope.
    if envelopes[oldest.0]?.number == oldest.1 { envelopes[oldest.0] = nil }
    guard limit > 0 else { return }
    order[head] = (key, number)
    head = (head + 1) % limit
  }
}

@available(*, unavailable)
extension DuplicateMap: Sendable {}
