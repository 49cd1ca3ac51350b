/// What has become of events that were to be erased. Those that were erased before, or that the store does not have, are in
/// neither.
package struct ErasedEvents: Sendable, Equatable {
  package var erased: [EventID]
  /// One of their deliveries is pending or dead.
  package var left: [EventID]

  package init(erased: [EventID] = [], left: [EventID] = []) {
    self.erased = erased
    self.left = left
  }
}

/// Whether something of what was erased can still be read from the store's files.
package struct ErasedTraces: Sendable, Equatable {
  /// What keeps a part of it readable, for people, and until when; nil: nothing does.
  package var remaining: String?

  package init(remaining: String? = nil) {
    self.remaining = remaining
  }
}
