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

  /// So many free pages are worth giving back; fewer will be used again.
  private var spareBytes: Int { max(16 << 20, pages / 4 * pageBytes) }

  var hasTooMuchSpare: Bool { freeBytes > spareBytes }
  /// Once begun, it goes on a while: not a little after each deletion.
  var hasLittleSpare: Bool { freeBytes <= spareBytes / 2 }
}
