import Glibc
import RelayCore

/// How large the store is.
struct StoreSize: Equatable {
  var pageBytes = 4_096
  var pages = 0
  /// Pages of the file that hold nothing.
  var freePages = 0
  /// Of the write-ahead log's file. What stands in it is no data beside the pages: it is their newest state, on its way.
  var logBytes = 0

  var liveBytes: Int { (pages - freePages) * pageBytes }
  var freeBytes: Int { freePages * pageBytes }

  /// More than a log grows to when nobody reads for long: worth cutting off.
  var hasLargeLog: Bool { logBytes > 8 << 20 }

  /// More free pages than this are worth giving back; fewer will be used again.
  private var spareBytes: Int { max(16 << 20, pages / 4 * pageBytes) }

  var hasTooMuchSpare: Bool { freeBytes > spareBytes }
  /// Once begun, it goes on a while: not a little after each deletion.
  var hasLittleSpare: Bool { freeBytes <= spareBytes / 2 }
}

/// The pages of the file: counts them, and gives free ones back to the disk. Confined to the store's thread.
final class StorePages {
  private let pageCount: Statement
  private let freelistCount: Statement
  private let vacuum: Statement
  private let pageBytes: Int
  private let logPath: String

  init(_ connection: Connection) throws(StoreError) {
    pageCount = try connection.prepare("PRAGMA page_count")
    freelistCount = try connection.prepare("PRAGMA freelist_count")
    // It returns a row for each page.
    vacuum = try connection.prepare("PRAGMA incremental_vacuum(256)")
    pageBytes = Int(try connection.integer("PRAGMA page_size") ?? 4_096)
    logPath = connection.logPath
  }

  /// Some microseconds.
  func measure() throws(StoreError) -> StoreSize {
    StoreSize(
      pageBytes: pageBytes, pages: Int(try pageCount.firstInteger() ?? 0),
      freePages: Int(try freelistCount.firstInteger() ?? 0), logBytes: logBytes)
  }

  /// One step, within a transaction.
  ///
  /// - Returns: The pages that were given back. The file itself is cut at the next checkpoint.
  func giveBack(_ budget: StepBudget) throws(StoreError) -> Int {
    var pages = 0
    defer { vacuum.reset() }
    while !budget.isSpent, try vacuum.step() { pages += 1 }
    return pages
  }

  private var logBytes: Int {
    var status = stat()
    return stat(logPath, &status) == 0 ? Int(status.st_size) : 0
  }
}

@available(*, unavailable)
extension StorePages: Sendable {}
