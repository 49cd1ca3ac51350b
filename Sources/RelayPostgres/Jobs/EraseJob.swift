import RelayCore
import RelayStoring

/// Erases events, a few in a step. Their destinations are held by whoever asks.
final class EraseJob: StoreJob {
  /// Of no destination: it takes its turn beside theirs.
  let destination = ""
  private var events: ArraySlice<EventID>
  private let completion: (Result<ErasedEvents, StoreError>) -> Void
  private var outcome = ErasedEvents()
  /// Of the step under way.
  private var step = ErasedEvents()

  /// Each is written anew, with what else its row holds.
  private static let eventsPerStep = 200

  init(
    _ events: [EventID],
    completion: @escaping (Result<ErasedEvents, StoreError>) -> Void
  ) {
    self.events = events[...]
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    var asked: Set<EventID> = []
    let once = events.prefix(Self.eventsPerStep).filter { asked.insert($0).inserted }
    let found = try session.eraser.find(once, session.connection)
    let erased = found.filter { !$0.isOpen }
    if !erased.isEmpty {
      try session.commit { commit in
        session.eraser.erase(erased, in: commit)
        return {}
      }
      for event in erased { session.reader.forget(event.event) }
    }
    step.erased = erased.map(\.event)
    step.left = found.filter(\.isOpen).map(\.event)
    events = events.dropFirst(Self.eventsPerStep)
    return events.isEmpty
  }

  func committed() {
    outcome.erased += step.erased
    outcome.left += step.left
    step = ErasedEvents()
  }

  func end(_ error: StoreError?) { completion(error.map { .failure($0) } ?? .success(outcome)) }
}

@available(*, unavailable)
extension EraseJob: Sendable {}
