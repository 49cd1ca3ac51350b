import RelayCore

/// Deliveries that stand in no index.
///
/// One that goes into a lane's hands as it arrives mostly is settled a moment later, and nobody looks for it before: so
/// it is stored as `unlisted`, and two entries of an index are saved. It is listed, among the fresh ones, when its lane
/// gives it back, and when `tail` others have come after it: so what a crash leaves unlisted is found by looking through
/// the end of the table. While it is unlisted it is claimed.
extension StoreSession {
  /// In the column `state`: fresh, and in no index.
  static let unlistedState: Int64 = -1
  /// So many of the newest deliveries may be unlisted.
  static let tail: Int64 = 32_768
  /// The tail is looked through in pieces, so that no commit has much to do for it.
  static let tailStep: Int64 = 2_048

  /// Finds what a crash, or an end in order, has left unlisted: nobody holds it any more.
  func returnUnlisted() throws(StoreError) {
    let query = try connection.prepare(
      """
      SELECT id, destination, bytes FROM delivery
      WHERE id >= (SELECT first FROM unlisted) AND state = \(Self.unlistedState) ORDER BY id
      """)
    while try query.step() {
      let entry = ClaimTable.Entry(
        destination: query.integer(1), bytes: Int(query.integer(2)), received: .epoch, orderKey: nil,
        isFresh: true, isListed: false)
      claims.add(query.integer(0), entry)
      returned.append(query.integer(0))
    }
    claims.commit()
  }

  // MARK: Within a transaction

  /// Lists what was given back, so that it can be claimed.
  func listReturned() throws(StoreError) {
    for row in returned.dropFirst(listedOfReturned) {
      try list(row)
      if let entry = claims.take(row) { backlogs.becameClaimable(row, of: entry.destination) }
    }
    listedOfReturned = returned.count
  }

  /// Lists all of a destination; those in flight stay claimed.
  func listAll(of destination: Int64) throws(StoreError) {
    for (row, entry) in claims.entries where entry.destination == destination && !entry.isListed {
      try list(row)
      markListed(row)
    }
  }

  /// Lists those that have fallen far behind, if there are any.
  func shortenTail() throws(StoreError) {
    while nextDelivery - unlistedFrom >= Self.tail + Self.tailStep {
      let query = statements.listRange
      query.bind(1, unlistedFrom)
      query.bind(2, unlistedFrom + Self.tailStep)
      while try query.step() { markListed(query.integer(0)) }
      unlistedFrom += Self.tailStep
      statements.setUnlisted.bind(1, unlistedFrom)
      try statements.setUnlisted.run()
    }
  }

  private func list(_ row: Int64) throws(StoreError) {
    statements.list.bind(1, row)
    try statements.list.run()
  }

  private func markListed(_ row: Int64) {
    guard var entry = claims.take(row) else { return }
    entry.isListed = true
    claims.add(row, entry)
  }
}

extension DeliveryState {
  /// What the column `state` says.
  init?(stored: Int64) {
    self.init(rawValue: stored == StoreSession.unlistedState ? Self.fresh.rawValue : Int(stored))
  }
}
