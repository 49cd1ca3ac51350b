import Glibc
import RelayCore

/// Measures the store: some microseconds. Confined to the store's thread.
final class SizeGauge {
  private let pageCount: Statement
  private let freelistCount: Statement
  private let pageBytes: Int
  private let logPath: String

  init(_ connection: Connection) throws(StoreError) {
    pageCount = try connection.prepare("PRAGMA page_count")
    freelistCount = try connection.prepare("PRAGMA freelist_count")
    pageBytes = Int(try connection.integer("PRAGMA page_size") ?? 4_096)
    logPath = connection.logPath
  }

  func measure() throws(StoreError) -> StoreSize {
    StoreSize(
      pageBytes: pageBytes, pages: try integer(pageCount), freePages: try integer(freelistCount),
      logBytes: logBytes)
  }

  private func integer(_ query: Statement) throws(StoreError) -> Int {
    guard try query.step() else { return 0 }
    defer { query.reset() }
    return Int(query.integer(0))
  }

  private var logBytes: Int {
    var status = stat()
    return stat(logPath, &status) == 0 ? Int(status.st_size) : 0
  }
}

@available(*, unavailable)
extension SizeGauge: Sendable {}
