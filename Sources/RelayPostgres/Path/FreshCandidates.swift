import RelayCore

/// Deliveries that may be there to be claimed, in order: those of an index, and in their places among them those that were given back
/// unlisted. Read in pages.
struct FreshCandidates {
  struct Candidate {
    var row: DeliveryRead
    var isListed: Bool
  }

  private var from: DeliveryID
  private let page: Int
  private var listed: ArraySlice<DeliveryRead> = []
  private var isOver = false
  /// Those that it has not come to.
  private(set) var returned: ArraySlice<DeliveryID>
  /// Their rows, as many as have been read.
  private var unlisted: [DeliveryID: DeliveryRead] = [:]
  /// The last of the index that it has come to.
  private(set) var lastListed: DeliveryID?

  init(from first: DeliveryID, returned: ArraySlice<DeliveryID>, page: Int) {
    from = first
    self.returned = returned
    self.page = page
  }

  /// - Parameters:
  ///   - read: The next ones of the index from there on, so many at most.
  ///   - rows: Those of unlisted ones.
  mutating func next(
    _ read: (DeliveryID, Int) throws(StoreError) -> [DeliveryRead],
    unlisted rows: (ArraySlice<DeliveryID>) throws(StoreError) -> [DeliveryRead]
  ) throws(StoreError) -> Candidate? {
    if listed.isEmpty && !isOver {
      let found = try read(from, page)
      listed = found[...]
      isOver = found.count < page
      if let last = found.last { from = last.id.next }
    }
    while let first = returned.first, listed.first.map({ first < $0.id }) ?? true {
      if unlisted[first] == nil {
        for row in try rows(returned.prefix(page)) { unlisted[row.id] = row }
      }
      returned.removeFirst()
      // It may have gone, or been settled, since it was given back: whoever asks looks at that.
      if let row = unlisted.removeValue(forKey: first) { return Candidate(row: row, isListed: false) }
    }
    guard let row = listed.popFirst() else { return nil }
    lastListed = row.id
    return Candidate(row: row, isListed: true)
  }
}

@available(*, unavailable)
extension FreshCandidates: Sendable {}
