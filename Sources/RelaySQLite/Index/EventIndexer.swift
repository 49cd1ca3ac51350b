import RelayCore
import RelayStoring
import RelayThreads

/// Tells the indexer when so many events have come that there is a run to be made: what the store's thread does for it with each
/// commit. Confined to that thread.
struct IndexTrigger {
  private let indexer: EventIndexer
  private var told: Int64 = 0

  init(_ indexer: EventIndexer) {
    self.indexer = indexer
  }

  mutating func reached(_ row: EventRowID) {
    let part = row.rawValue >> Int64(RunShape.standard.smallBits)
    guard part != told else { return }
    told = part
    indexer.committed()
  }
}

/// Brings events into runs after they have been committed, so that they are found by what they are: a thread of its own, which
/// gives way to all others, reads them back and makes runs of them; the store's thread writes these, in short steps.
///
/// docs/decisions/0026-events-in-sorted-runs.md says why.
final class EventIndexer: Sendable {
  /// Writes a change, and says when it is on disk.
  typealias Write = @Sendable (IndexChange, @escaping @Sendable (StoreError?) -> Void) -> Void

  private struct Signal: Sendable {
    var isWanted = false
    var isOver = false
  }

  private let signal = Monitor(Signal())
  private let shape: RunShape
  private let thread: Locked<WorkerThread?> = Locked(nil)

  init(_ shape: RunShape = .standard) {
    self.shape = shape
  }

  /// Begins. It opens the store when there is something to do for the first time.
  ///
  /// - Parameters:
  ///   - open: A connection that reads, used on its thread.
  ///   - write: Called on its thread.
  func start(
    open: @escaping @Sendable () throws(StoreError) -> Connection, write: @escaping Write
  ) {
    let (signal, shape) = (signal, shape)
    thread.withLock { thread in
      thread = WorkerThread(name: "index") {
        giveWay()
        guard Self.isWanted(signal) else { return }
        // Without it events are found all the same, by a walk along all of them.
        guard let indexer = try? Indexing(try open(), shape, signal: signal, write: write) else { return }
        repeat { indexer.run() } while Self.isWanted(signal)
      }
    }
  }

  /// So many rows are on disk now: there may be a run to be made.
  func committed() { signal.update { $0.isWanted = true } }

  /// Nothing more is begun.
  func stop() { signal.update { $0.isOver = true } }

  /// Blocks until its thread has ended.
  func end() {
    stop()
    thread.withLock { $0 }?.join()
  }

  /// Sleeps until it is; false: it is over.
  private static func isWanted(_ signal: Monitor<Signal>) -> Bool {
    signal.wait { signal -> Bool? in
      if signal.isOver { return false }
      guard signal.isWanted else { return nil }
      signal.isWanted = false
      return true
    } ?? false
  }

  /// What its thread does.
  private final class Indexing {
    private let source: IndexSource
    private let shape: RunShape
    private let signal: Monitor<Signal>
    private let write: Write
    private var hasCleanedUp = false

    init(
      _ connection: Connection, _ shape: RunShape, signal: Monitor<Signal>, write: @escaping Write
    ) throws(StoreError) {
      source = try IndexSource(connection, shape)
      self.shape = shape
      self.signal = signal
      self.write = write
    }

    /// Until there is nothing more to do, or something failed: then it goes on with the next events.
    func run() {
      do throws(StoreError) {
        try cleanUp()
        while !isOver(), let change = try nextChange() {
          if let error = written(change) { throw error }
        }
      } catch {
        // The store's thread tells what fails; whatever is left undone here is found by a walk.
        return
      }
    }

    private func cleanUp() throws(StoreError) {
      guard !hasCleanedUp else { return }
      let leftovers = try source.leftovers(beside: try source.progress().runs)
      if !leftovers.isEmpty, let error = written(IndexChange(removed: leftovers)) { throw error }
      hasCleanedUp = true
    }

    /// nil: nothing is to be done.
    private func nextChange() throws(StoreError) -> IndexChange? {
      let progress = try source.progress()
      switch progress.step(next: try source.event(from: progress.end)) {
      case .rest: return try gone(progress).map { IndexChange(removed: [$0]) }
      case .drop(let runs): return IndexChange(removed: runs)
      case .build(let run):
        return try source.build(run, unless: isOver).map { IndexChange(added: $0) }
      case .merge(let large, let small):
        var merge = RunMerge(large, shape)
        var isWhole = true
        for run in small where isWhole { isWhole = merge.add(try source.run(run)) }
        // What can't be read is made anew.
        if isWhole, let added = merge.finish() { return IndexChange(added: added, removed: small) }
        return try source.build(large, unless: isOver).map { IndexChange(added: $0, removed: small) }
      }
    }

    private func isOver() -> Bool { signal.update { $0.isOver } }

    /// A run whose events have gone, while older ones stay: dead letters, mostly.
    private func gone(_ progress: IndexProgress) throws(StoreError) -> RunID? {
      for run in progress.runs {
        let rows = run.rows(shape)
        let next = try source.event(from: rows.lowerBound)
        if next.map({ $0 >= rows.upperBound }) ?? true { return run }
      }
      return nil
    }

    /// Waits until it is on disk; why it is not.
    private func written(_ change: IndexChange) -> StoreError? {
      let answer = Monitor<StoreError??>(nil)
      write(change) { error in answer.update { $0 = .some(error) } }
      return answer.wait { $0 } ?? nil
    }
  }
}
