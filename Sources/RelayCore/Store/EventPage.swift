/// What is asked for with `DeliveryLookup.events`.
package struct EventPageRequest: Sendable, Equatable {
  package enum Order: String, Sendable, Hashable, CaseIterable {
    /// What arrived last comes first. What arrives while pages are read is in none of them.
    case newestFirst = "newest_first"
    /// In order of arrival. What arrives while pages are read comes at the end.
    case oldestFirst = "oldest_first"
  }

  package var filter: EventFilter
  package var order: Order
  /// The last page's `next`, or any event's place; nil: from the beginning.
  package var after: EventCursor?
  /// At most so many events.
  package var limit: Int
  /// Without them `EventRecord.body` is empty.
  package var withBodies: Bool

  package init(
    filter: EventFilter = EventFilter(), order: Order = .newestFirst, after: EventCursor? = nil, limit: Int,
    withBodies: Bool = false
  ) {
    self.filter = filter
    self.order = order
    self.after = after
    self.limit = limit
    self.withBodies = withBodies
  }
}

/// An event's place in the order of arrival in its store. None is given twice, so it goes on meaning the same when events
/// arrive or go.
package struct EventCursor: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
  package let rawValue: Int64

  package init(rawValue: Int64) {
    self.rawValue = rawValue
  }

  package static func < (a: EventCursor, b: EventCursor) -> Bool { a.rawValue < b.rawValue }
  package var description: String { String(rawValue) }
}

/// A bounded amount of work: it may hold fewer events than were asked for, or none, and yet have a next.
package struct EventPage: Sendable, Equatable {
  package var events: [EventRecord]
  /// Where to go on; nil: there are no more (oldest first: as yet).
  package var next: EventCursor?
  /// When the last event that was looked at was received: all between the beginning and this has been searched. nil: none
  /// was, as with a page that has no next.
  package var reached: Timestamp?

  package init(events: [EventRecord], next: EventCursor?, reached: Timestamp?) {
    self.events = events
    self.next = next
    self.reached = reached
  }
}
