import RelayCore

/// Rows that may be there to be claimed, in order: of an index, and in their places among them those that were given back
/// unlisted.
struct ClaimCandidates {
  private let query: Statement
  private var nextListed: Int64?
  /// Those that it has not come to.
  private(set) var returned: ArraySlice<Int64>
  /// The last of the index that it has come to.
  private(set) var lastListed: Int64?

  init(listed query: Statement, returned: ArraySlice<Int64>) throws(StoreError) {
    self.query = query
    self.returned = returned
    nextListed = try query.nextInteger()
  }

  mutating func next() throws(StoreError) -> (row: Int64, isListed: Bool)? {
    if let first = returned.first, nextListed.map({ first < $0 }) ?? true {
      returned.removeFirst()
      return (first, false)
    }
    guard let listed = nextListed else { return nil }
    lastListed = listed
    nextListed = try query.nextInteger()
    return (listed, true)
  }
}

@available(*, unavailable)
extension ClaimCandidates: Sendable {}
