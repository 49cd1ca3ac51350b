import RelayCore
import RelayStoring

/// What is to be changed of the runs.
struct IndexChange: Sendable, Equatable {
  var added: EncodedRun?
  var removed: [RunID] = []
}

/// Such a change, on its way to the store's thread.
struct IndexWork: OwnWork {
  let change: IndexChange
  let completion: @Sendable (StoreError?) -> Void

  func refuse(_ error: StoreError) { completion(error) }
}

/// Writes runs in short steps: pages, then the run's row by which it is there; of those that go it is the row that goes first.
/// So whoever reads finds whole runs, and a crash leaves pages behind that belong to none.
final class IndexJob: StoreJob {
  /// Runs of no destination: one is done after another.
  let destination = ""
  private static let bytesPerStep = 64 << 10
  private static let removalsPerStep = 16

  private let change: IndexChange
  private let completion: @Sendable (StoreError?) -> Void
  private var writtenPages = 0
  private var isListed = false
  private var emptied = 0
  /// Where the next step goes on, once the last one is on disk.
  private var next: (writtenPages: Int, isListed: Bool, emptied: Int)?

  init(_ change: IndexChange, completion: @escaping @Sendable (StoreError?) -> Void) {
    self.change = change
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    let statements = session.runs
    var (pages, isListed, emptied) = (writtenPages, isListed, emptied)
    if !isListed {
      pages = try writePages(statements)
      if pages == change.added?.pages.count ?? 0 {
        if let added = change.added { try statements.insert(added.id) }
        for run in change.removed { try statements.delete(run) }
        isListed = true
      }
    } else {
      for run in change.removed.dropFirst(emptied).prefix(Self.removalsPerStep) {
        try statements.deletePages(of: run)
        emptied += 1
      }
    }
    next = (pages, isListed, emptied)
    return isListed && emptied == change.removed.count
  }

  /// - Returns: How many have been written.
  private func writePages(_ statements: RunStatements) throws(StoreError) -> Int {
    guard let added = change.added else { return 0 }
    var (place, bytes) = (writtenPages, 0)
    while place < added.pages.count, bytes < Self.bytesPerStep {
      let page = added.pages[place]
      try statements.insert(page, as: added.id.pages.lowerBound + Int64(place))
      bytes += page.count
      place += 1
    }
    return place
  }

  func committed() {
    if let next { (writtenPages, isListed, emptied) = next }
  }

  func end(_ error: StoreError?) { completion(error) }
}

@available(*, unavailable)
extension IndexJob: Sendable {}

/// Statements on runs, within a transaction. Confined to the store's thread.
final class RunStatements {
  private let insertRun: Statement
  private let deleteRun: Statement
  private let insertPage: Statement
  private let deletePages: Statement

  init(_ connection: Connection) throws(StoreError) {
    insertRun = try connection.prepare("INSERT OR REPLACE INTO event_run (id) VALUES (?1)")
    deleteRun = try connection.prepare("DELETE FROM event_run WHERE id = ?1")
    // What a crash has left is written over.
    insertPage = try connection.prepare("INSERT OR REPLACE INTO run_page (id, body) VALUES (?1, ?2)")
    deletePages = try connection.prepare("DELETE FROM run_page WHERE id >= ?1 AND id < ?2")
  }

  func insert(_ run: RunID) throws(StoreError) {
    insertRun.bind(1, run.rawValue)
    try insertRun.run()
  }

  func delete(_ run: RunID) throws(StoreError) {
    deleteRun.bind(1, run.rawValue)
    try deleteRun.run()
  }

  func insert(_ page: [UInt8], as number: Int64) throws(StoreError) {
    insertPage.bind(1, number)
    insertPage.bind(2, page)
    try insertPage.run()
  }

  func deletePages(of run: RunID) throws(StoreError) {
    deletePages.bind(1, run.pages)
    try deletePages.run()
  }
}

@available(*, unavailable)
extension RunStatements: Sendable {}
