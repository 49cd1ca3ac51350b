import Logging
import RelayCore
import RelayThreads

/// Fetches and keeps the files that events point to: docs/decisions/0042-attachments.md.
///
/// It stands beside the data's path. What is committed is put into a bounded inbox; a thread of its own, which begins when a source first
/// wants it, records the links in an index on disk, starts fetches on up to four further threads, and ends what is kept when its time
/// is over. What was not recorded in time (the inbox was full, the process was killed) is found again in the store.
package final class AttachmentKeeper: AttachmentKeeping {
  /// What it is composed over.
  package struct Parts: Sendable {
    /// The folder of its own, which it makes.
    package var folder: String
    package var makeIndex: @Sendable (_ path: String) throws(StoreError) -> any AttachmentIndex
    package var fetcher: any AttachmentFetcher
    package var lookup: any DeliveryLookup
    package var clock: any SteadyClock
    /// Whether there is room on the disk: nothing is fetched meanwhile.
    package var mayWrite: @Sendable () -> Bool
    package var logger: Logger

    package init(
      folder: String,
      makeIndex: @escaping @Sendable (_ path: String) throws(StoreError) -> any AttachmentIndex,
      fetcher: any AttachmentFetcher, lookup: any DeliveryLookup, clock: any SteadyClock,
      mayWrite: @escaping @Sendable () -> Bool, logger: Logger
    ) {
      self.folder = folder
      self.makeIndex = makeIndex
      self.fetcher = fetcher
      self.lookup = lookup
      self.clock = clock
      self.mayWrite = mayWrite
      self.logger = logger
    }
  }

  private enum Life: Sendable {
    /// Nobody has wanted it yet.
    case idle
    case running(WorkerThread)
    case stopped
  }

  private let parts: Parts
  private let folder: AttachmentFolder
  private let index: IndexHolder
  private let inbox = Monitor(KeeperInbox())
  private let board = Locked(AttachmentStanding())
  private let life = Locked(Life.idle)
  /// The thread has ended.
  private let hasEnded = Monitor(false)

  package init(_ parts: Parts) {
    self.parts = parts
    folder = AttachmentFolder(path: parts.folder)
    index = IndexHolder(folder: folder, make: parts.makeIndex)
  }

  // MARK: Life

  /// Ends fetches under way, which go on at the next start. Blocks for at most that time.
  package func stop(within limit: Duration) {
    let thread = life.withLock { life -> WorkerThread? in
      defer { life = .stopped }
      if case .running(let thread) = life { return thread }
      return nil
    }
    guard thread != nil else { return index.close() }
    inbox.update { $0.isStopping = true }
    // One that waits for a name server ends with the process.
    guard hasEnded.wait(timeout: limit, until: { $0 ? true : nil }) != nil else { return }
    thread?.join()
    index.close()
  }

  /// Has it look at the clock again.
  package func wake() { inbox.update { $0.isAwake = true } }

  private func begin() {
    life.withLock { life in
      guard case .idle = life else { return }
      let loop = KeeperLoop.Parts(
        parts: parts, folder: folder, index: index, inbox: inbox, board: board)
      let hasEnded = hasEnded
      life = .running(
        WorkerThread(name: "attachments") {
          KeeperLoop(loop).run()
          hasEnded.update { $0 = true }
        })
    }
  }

  // MARK: From any thread

  package func configure(_ sources: [Source]) {
    inbox.update { $0.sources = sources }
    if sources.contains(where: { $0.attachments != nil }) || folder.isThere { begin() }
  }

  package func arrived(_ events: [Event]) {
    guard !events.isEmpty else { return }
    inbox.change { inbox in
      let wakes = !inbox.hasWork
      inbox.add(events)
      return ((), wakes)
    }
  }

  package func missed(since: Timestamp) { inbox.update { $0.miss(since: since) } }

  package func erase(_ events: [EventID]) throws(StoreError) -> Int {
    switch life.withLock({ $0 }) {
    // Nothing was ever kept.
    case .idle: return 0
    case .running: break
    case .stopped: throw StoreError(code: .closed, message: "the relay stops; erase again once it runs")
    }
    let answer = Monitor<Result<Int, StoreError>?>(nil)
    inbox.update { inbox in
      inbox.erasures.append(
        KeeperInbox.Erasure(events: events) { result in answer.update { $0 = result } })
    }
    guard let result = answer.wait(timeout: Self.erasingTime, until: { $0 }) else {
      throw StoreError(code: .hanging, message: "the index of attachments does not answer; erase again")
    }
    return try result.get()
  }

  private static let erasingTime = Duration.seconds(60)

  package var standing: AttachmentStanding { board.withLock { $0 } }

  // MARK: The shelf

  package func attachment(of event: EventID, at place: Int) throws -> Attachment? {
    try index.opened(creating: false)?.attachment(of: event, at: place)
  }

  package func attachments(of event: EventID) throws -> [Attachment] {
    try index.opened(creating: false)?.attachments(of: event) ?? []
  }

  package func path(of file: AttachmentFile) -> String { folder.path(ofHash: file.hash) }
}

/// The index, opened by whoever needs it first.
final class IndexHolder: Sendable {
  private enum State {
    case unopened
    case open(any AttachmentIndex)
    case closed
  }

  private let folder: AttachmentFolder
  private let make: @Sendable (String) throws(StoreError) -> any AttachmentIndex
  private let state = Locked(State.unopened)

  init(
    folder: AttachmentFolder, make: @escaping @Sendable (String) throws(StoreError) -> any AttachmentIndex
  ) {
    self.folder = folder
    self.make = make
  }

  /// - Parameter creating: It is made where there is none.
  /// - Returns: nil: there is none.
  func opened(creating: Bool) throws(StoreError) -> (any AttachmentIndex)? {
    let result = state.withLock { state -> Result<(any AttachmentIndex)?, StoreError> in
      switch state {
      case .open(let index): return .success(index)
      case .closed: return .success(nil)
      case .unopened:
        guard creating || folder.isThere else { return .success(nil) }
        do throws(StoreError) {
          try folder.prepare()
          let index = try make(folder.indexPath)
          state = .open(index)
          return .success(index)
        } catch {
          return .failure(error)
        }
      }
    }
    return try result.get()
  }

  func close() {
    state.withLock { state in
      if case .open(let index) = state { index.close() }
      state = .closed
    }
  }
}
