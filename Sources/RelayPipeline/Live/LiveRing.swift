import RelayCore

/// The last messages, all readers' together: each reader has a place in it. What does not fit is forgotten, oldest first,
/// whether it was read or not.
struct LiveRing {
  private var segments: [LiveSegment] = []
  private var bytes = 0
  /// The number of the next message.
  private(set) var end: Int
  /// The last event that had come in before the first message that is here.
  private var eventBefore: EventID
  private let maxBytes: Int

  /// - Parameters:
  ///   - event: What stands for the last event before the first message.
  ///   - first: The first message's number.
  init(maxBytes: Int, after event: EventID, first: Int = 1) {
    self.maxBytes = maxBytes
    end = first
    eventBefore = event
  }

  /// The number of the first message that is still here.
  var start: Int { segments.first?.first ?? end }

  /// Where a reader stands that has read all of it.
  var lastID: LiveID { LiveID(event: segments.last?.events.last ?? eventBefore, number: end - 1) }

  /// How many of the newest are sent to most readers.
  private static let newest = 3

  mutating func append(_ segment: LiveSegment) {
    segments.append(segment)
    if segments.count > Self.newest { segments[segments.count - 1 - Self.newest].age() }
    bytes += segment.footprint
    end = segment.end
    // The newest stays, however large it is.
    var dropped = 0
    while bytes > maxBytes, dropped < segments.count - 1 {
      bytes -= segments[dropped].footprint
      eventBefore = segments[dropped].events.last ?? eventBefore
      dropped += 1
    }
    segments.removeFirst(dropped)
  }

  /// What these events said was erased: nobody is given it any more.
  mutating func forget(_ events: Set<EventID>) {
    for index in segments.indices {
      segments[index] = segments[index].forgetting(events)
      if index < segments.count - Self.newest { segments[index].age() }
    }
    bytes = segments.reduce(0) { $0 + $1.footprint }
  }

  /// The first segment that holds this message or later ones; nil: none has come yet. One that begins later says that what is
  /// between was lost, or is forgotten.
  func segment(from number: Int) -> LiveSegment? {
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].end <= number { low = middle + 1 } else { high = middle }
    }
    return low < segments.count ? segments[low] : nil
  }

  /// The number that follows an id; nil: what follows it is not all here, or not with bodies.
  func place(after id: LiveID, withBodies: Bool) -> Int? {
    guard id.number + 1 >= start, id.number < end, event(of: id.number) == id.event else { return nil }
    if withBodies, segments.contains(where: { $0.end > id.number + 1 && $0.withBodies == nil }) { return nil }
    return id.number + 1
  }

  private func event(of number: Int) -> EventID? {
    if number == start - 1 { return eventBefore }
    guard let segment = segment(from: number), segment.first <= number else { return nil }
    return segment.events[number - segment.first]
  }
}
