import RelayCore
import RelayStoring

/// Erases events, a few in a step. Their destinations are held by whoever asks.
final class EraseJob: StoreJob {
  /// Of no destination: it takes its turn beside theirs.
  let destination = ""
  private var events: ArraySlice<EventID>
  private let clock: any SteadyClock
  private let completion: (Result<ErasedEvents, StoreError>) -> Void
  private var outcome = ErasedEvents()
  /// Of the step under way.
  private var step = ErasedEvents()

  /// Each takes some pages of the file, and more where its body is long.
  private static let eventsPerStep = 50

  init(
    _ events: [EventID], clock: any SteadyClock,
    completion: @escaping (Result<ErasedEvents, StoreError>) -> Void
  ) {
    self.events = events[...]
    self.clock = clock
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    let now = clock.now()
    try session.connection.overwritingFreed { () throws(StoreError) in
      for event in events.prefix(Self.eventsPerStep) {
        switch try session.eraser.erase(event, at: now) {
        case .erased: step.erased.append(event)
        case .left: step.left.append(event)
        case .nothing: break
        }
      }
    }
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

/// Makes what was erased unreadable in the store's files: pages that became free earlier, by retention, may hold it too, and so
/// may old images of pages in the log. The free pages are given back to the disk, and the log is cut.
final class OverwriteJob: StoreJob {
  let destination = ""
  private let keeper: StoreKeeper
  private let completion: (Result<ErasedTraces, StoreError>) -> Void
  private var pagesAreDone = false
  /// How many pages are to be given back: those that were free at the beginning, and as many again, since others become free
  /// meanwhile.
  private var pagesLeft: Int?
  private var isCut = false
  private var copies: [KeptCopy] = []
  /// When the log was first in somebody's hands.
  private var waitsSince: ContinuousClock.Instant?

  /// How long a reader of the log is waited for: those of the relay itself end in milliseconds.
  private static let patience = Duration.seconds(5)

  init(_ keeper: StoreKeeper, completion: @escaping (Result<ErasedTraces, StoreError>) -> Void) {
    self.keeper = keeper
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    if !pagesAreDone {
      if pagesLeft == nil { pagesLeft = try 2 * keeper.freePages() + 1_000 }
      let left = pagesLeft ?? 0
      let given = try keeper.giveBackWithinTransaction()
      pagesLeft = left - given
      pagesAreDone = given == 0 || left <= given
    }
    guard isCut || (waitsSince?.duration(to: .now) ?? .zero) > Self.patience else { return false }
    copies = KeptCopies.beside(session.files.databasePath)
    return true
  }

  /// The log can only be cut between two transactions.
  func committed() {
    guard pagesAreDone, !isCut else { return }
    isCut = (try? keeper.log.checkpoint(cutsLog: true)) ?? false
    if !isCut { waitsSince = waitsSince ?? .now }
  }

  func end(_ error: StoreError?) {
    if let error { return completion(.failure(error)) }
    var remaining: [String] = []
    if !isCut {
      remaining.append(
        "a reader of the store keeps its log (relay.db-wal) from being cut; when it has ended, the log is "
          + "written over as events come, or cut by another erasure or a restart")
    }
    remaining += KeptCopies.remaining(copies).map { [$0] } ?? []
    completion(
      .success(ErasedTraces(remaining: remaining.isEmpty ? nil : remaining.joined(separator: "; "))))
  }
}

@available(*, unavailable)
extension OverwriteJob: Sendable {}
