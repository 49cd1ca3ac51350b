import RelayCore

extension Replay {
  /// The same with other places in its cursors.
  ///
  /// - Parameter place: Gives another one for a cursor that stands somewhere; nil: at the beginning.
  package func moved(
    _ place: (String) throws(StoreError) -> String?
  ) throws(StoreError) -> Replay {
    func moved(_ old: ReplayCursors.Place) throws(StoreError) -> ReplayCursors.Place {
      guard case .at(let cursor?) = old else { return old }
      return .at(try place(cursor))
    }
    var replay = self
    replay.cursors.main = try moved(cursors.main)
    for (destination, old) in cursors.parted { replay.cursors.parted[destination] = try moved(old) }
    return replay
  }

  package func add(to digest: inout RowDigest) {
    digest.addRow { row in
      row.add(id)
      row.add(new.plan)
      row.add(optional: new.expected) { $0.add($1) }
      row.add(optional: new.who) { $0.add($1) }
      row.add(optional: new.reason) { $0.add($1) }
      row.add(new.startedAt.microseconds)
      row.add(walk.rawValue)
      row.add(optional: failure) { $0.add($1) }
      row.add(optional: cursors.text) { $0.add($1) }
      for count in [matched, skipped, queued, delivered, dead, discarded] { row.add(count) }
      row.add(optional: endedAt) { $0.add($1.microseconds) }
    }
  }
}
