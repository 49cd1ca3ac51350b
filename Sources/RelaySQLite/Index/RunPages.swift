/// The pages of a run: terms in rising order, each with the rows that it stands for. Each entry is the term (8 bytes), the length
/// of what follows, and the rows: a list of distances, or a bit for each row where that is shorter.
///
/// What the store holds depends on it: it never changes.
enum RunPages {
  private enum Form: UInt8 {
    case distances = 0
    case bits = 1
  }

  /// A page takes no more entries when it is so long: it then fits into one of the database's.
  static let fullPage = 3_600

  /// Sets the rows that the term stands for on this page.
  ///
  /// - Returns: Whether the page could be read.
  static func add(
    _ term: UInt64, on page: UnsafeBufferPointer<UInt8>, to rows: inout RowBits
  ) -> Bool {
    var isReadable = true
    let isWhole = forEach(on: page) { found, postings in
      if found == term { isReadable = add(postings, to: &rows) }
      return found < term
    }
    return isWhole && isReadable
  }

  /// - Parameter body: Returns whether to go on.
  /// - Returns: Whether the page could be read.
  static func forEach(
    on page: UnsafeBufferPointer<UInt8>, _ body: (UInt64, UnsafeBufferPointer<UInt8>) -> Bool
  ) -> Bool {
    var input = ByteReader(page)
    while !input.isAtEnd {
      guard let term = input.word(), let length = input.count(), let postings = input.bytes(length) else {
        return false
      }
      guard body(term, postings) else { return true }
    }
    return true
  }

  private static func add(_ postings: UnsafeBufferPointer<UInt8>, to rows: inout RowBits) -> Bool {
    forEachRow(in: postings, span: rows.rows.count) { rows.insert(rows.rows.lowerBound + Int64($0)) }
  }

  /// - Parameter span: How many rows there may be.
  static func forEachRow(
    in postings: UnsafeBufferPointer<UInt8>, span: Int, _ body: (Int) -> Void
  ) -> Bool {
    var input = ByteReader(postings)
    switch input.byte().flatMap(Form.init) {
    case .distances?:
      var row = 0
      while !input.isAtEnd {
        guard let distance = input.varint(), distance < UInt64(span) else { return false }
        row += Int(distance)
        guard row < span else { return false }
        body(row)
      }
    case .bits?:
      var index = 0
      while var byte = input.byte() {
        while byte != 0 {
          let row = index * 8 + byte.trailingZeroBitCount
          guard row < span else { return false }
          body(row)
          byte &= byte - 1
        }
        index += 1
      }
    case nil: return false
    }
    return true
  }

  /// Appends an entry.
  ///
  /// - Parameter rows: Offsets, rising.
  static func append(_ term: UInt64, rows: some Collection<UInt32>, span: Int, to page: inout [UInt8]) {
    var postings: [UInt8] = [Form.distances.rawValue]
    var last: UInt32 = 0
    for row in rows {
      postings.append(varint: UInt64(row - last))
      last = row
    }
    if postings.count > span / 8 + 1 {
      postings = Array(repeating: 0, count: span / 8 + 1)
      postings[0] = Form.bits.rawValue
      for row in rows { postings[1 + Int(row / 8)] |= 1 << UInt8(row % 8) }
    }
    page.append(word: term)
    page.append(varint: UInt64(postings.count))
    page += postings
  }
}

/// Puts a run together from its terms, which come in rising order.
struct RunAssembly {
  private let id: RunID
  private let span: Int
  private var contents: RunContents
  private var pages: [[UInt8]] = []
  private var page: [UInt8] = []

  /// - Parameter contents: But for where pages start.
  init(_ id: RunID, _ shape: RunShape, contents: RunContents) {
    self.id = id
    self.contents = contents
    span = id.rows(shape).count
  }

  /// - Parameter rows: As offsets from the run's first, rising.
  mutating func add(_ term: UInt64, rows: some Collection<UInt32>) {
    if page.isEmpty { contents.pageStarts.append(term) }
    RunPages.append(term, rows: rows, span: span, to: &page)
    if page.count >= RunPages.fullPage { endPage() }
  }

  private mutating func endPage() {
    pages.append(page)
    page.removeAll(keepingCapacity: true)
  }

  mutating func finish() -> EncodedRun {
    if !page.isEmpty { endPage() }
    return EncodedRun(id: id, pages: [contents.bytes] + pages)
  }
}
