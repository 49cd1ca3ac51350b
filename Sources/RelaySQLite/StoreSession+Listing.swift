import RelayCore

/// Deliveries that stand in no index.
///
/// One that goes into a lane's hands as it arrives mostly is settled a moment later, and nobody looks for it before: so
/// it is stored as `unlisted`, and two entries of an index are saved. It stays so when its lane gives it back, since the
/// claims know it. It is listed, among the fresh ones, when `tail` others have come after it: so what a crash leaves
/// unlisted is found by looking through the end of the table; and before a walk along the index that must find it.
extension StoreSession {
  /// In the column `state`: fresh, and in no index.
  static let unlistedState: Int64 = -1
  /// So many of the newest deliveries may be unlisted, one `tailStep` and what one commit brings beside them.
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
      let (row, destination) = (query.integer(0), query.integer(1))
      let entry = ClaimTable.Entry(
        destination: destination, bytes: Int(query.integer(2)), received: .epoch, orderKey: nil,
        isFresh: true, isListed: false, isReturned: true)
      claims.add(row, entry)
      backlogs.wasReturned(row, of: destination)
    }
    claims.commit()
  }

  // MARK: Within a transaction

  /// Lists all of a destination, as many as its lane's window holds; those in flight stay claimed.
  func list(of destination: Int64) throws(StoreError) {
    for (row, entry) in claims.entries where entry.destination == destination && !entry.isListed {
      statements.list.bind(1, row)
      try statements.list.run()
      noteListed(row)
    }
  }

  /// Lists those that have fallen far behind, if there are any.
  func shortenTail() throws(StoreError) {
    while nextDelivery - unlistedFrom >= Self.tail + Self.tailStep {
      let query = statements.listRange
      query.bind(1, unlistedFrom)
      query.bind(2, unlistedFrom + Self.tailStep)
      while let row = try query.nextInteger() { noteListed(row) }
      unlistedFrom += Self.tailStep
      statements.setUnlisted.bind(1, unlistedFrom)
      try statements.setUnlisted.run()
    }
  }

  private func noteListed(_ row: Int64) {
    guard let entry = claims.entries[row], entry.isReturned else {
      return claims.change(row) { $0.isListed = true }
    }
    _ = claims.take(row)
    backlogs.becameClaimable(row, of: entry.destination)
  }
}

extension DeliveryState {
  /// What the column `state` says.
  init?(stored: Int64) {
    self.init(rawValue: stored == StoreSession.unlistedState ? Self.fresh.rawValue : Int(stored))
  }
}
