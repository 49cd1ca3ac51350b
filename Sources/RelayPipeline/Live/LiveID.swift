import RelayCore

/// Where a reader of the stream is: what it gives back to go on there. Written `evt_….123`.
///
/// The number is the message's, counted from the relay's start: it finds the place in the ring. The event is the last one that had
/// come in by then: it tells whether the number is of this run of the relay, and after a restart from which time on the store is
/// asked.
package struct LiveID: Hashable, Sendable {
  package var event: EventID
  package var number: Int

  package init(event: EventID, number: Int) {
    self.event = event
    self.number = number
  }

  /// nil: it is none. An event's id alone is one, too: what came in after it.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let event = EventID(String(parts[0])) else { return nil }
    self.event = event
    number = -1
    guard parts.count == 2 else { return }
    guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(parts[1]) else { return nil }
    self.number = number
  }
}

extension LiveID: CustomStringConvertible {
  package var description: String { "\(event).\(number)" }
}

extension EventID {
  /// What stands for a time where no event is there to do it: below all ids of its millisecond.
  static func place(at wall: Timestamp) -> EventID {
    EventID(high: UInt64(max(0, wall.milliseconds)) << 16 | 0x7000, low: 0x8000_0000_0000_0000)
  }
}
