import RelayCore

/// Messages that were written together: each one's text once, without bodies, and with them where somebody reads these.
///
/// The texts stand one after another as server-sent events, so that a reader that takes all of them takes one piece.
final class LiveSegment: Sendable {
  /// The first message's number.
  let first: Int
  let messages: [LiveMessage]
  /// The event that each message's id names.
  let events: [EventID]
  let plain: LiveText
  /// nil: no reader asked for bodies when they were written.
  let withBodies: LiveText?
  private let shared: SharedText
  private let sharedWithBodies: SharedText?
  /// What it keeps in memory, in bytes.
  let footprint: Int

  init(
    first: Int, messages: [LiveMessage], events: [EventID], plain: LiveText, withBodies: LiveText?
  ) {
    self.first = first
    self.messages = messages
    self.events = events
    self.plain = plain
    self.withBodies = withBodies
    shared = SharedText(plain.bytes)
    sharedWithBodies = withBodies.map { SharedText($0.bytes) }
    footprint =
      plain.bytes.count + (withBodies?.bytes.count ?? 0)
      + messages.reduce(0) { $0 + 300 + ($1.body?.count ?? 0) }
  }

  /// The number after the last message's.
  var end: Int { first + messages.count }

  /// These messages as they stand: for readers that take all.
  func piece(_ indices: Range<Int>, withBodies: Bool) -> LivePiece {
    guard withBodies else { return .shared(shared, plain.range(of: indices)) }
    guard let text = self.withBodies, let sharedWithBodies else { return .own([]) }
    return .shared(sharedWithBodies, text.range(of: indices))
  }

  /// Others have come after it.
  func age() {
    shared.age()
    sharedWithBodies?.age()
  }

  /// The same without the bodies of these events: of their messages only those without bodies are left.
  func forgetting(_ forgotten: Set<EventID>) -> LiveSegment {
    guard let withBodies, messages.contains(where: { $0.isOf(forgotten) }) else { return self }
    var (kept, text) = (messages, LiveText())
    for index in kept.indices {
      if kept[index].isOf(forgotten) {
        kept[index].body = nil
        text.add { _ in }
      } else {
        text.add { $0 += withBodies[index..<index + 1] }
      }
    }
    return LiveSegment(first: first, messages: kept, events: events, plain: plain, withBodies: text)
  }
}

extension LiveMessage {
  fileprivate func isOf(_ events: Set<EventID>) -> Bool { event.map(events.contains) ?? false }
}

/// Texts that stand one after another.
struct LiveText: Sendable {
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// Adds what `write` appends as one text.
  mutating func add(_ write: (inout [UInt8]) -> Void) {
    write(&bytes)
    ends.append(bytes.count)
  }

  /// - Parameter index: From 0.
  func start(of index: Int) -> Int { index == 0 ? 0 : ends[index - 1] }

  /// These texts, as they stand.
  subscript(indices: Range<Int>) -> ArraySlice<UInt8> {
    bytes[range(of: indices)]
  }

  func range(of indices: Range<Int>) -> Range<Int> {
    start(of: indices.lowerBound)..<start(of: indices.upperBound)
  }

  /// How many texts from this one on are no longer than `limit` together; at least one.
  func count(from index: Int, upTo limit: Int) -> Int {
    let start = start(of: index)
    var end = index + 1
    while end < ends.count, ends[end] - start <= limit { end += 1 }
    return end - index
  }
}
