import RelayCore

/// Which destinations a replay's step goes without, since they have no room: what arrives must find room, too, whatever is replayed.
package struct ReplayRoom {
  /// What is known of a destination.
  package struct Books {
    let stored: StoredDestination
    let hasRoomForReplay: (_ bytes: Int) -> Bool

    package init(_ destinations: DestinationTable, _ row: DestinationRowID) {
      stored = destinations[row]
      hasRoomForReplay = { destinations.hasRoomForReplay(row, for: $0) }
    }
  }

  private let step: ReplayStep
  private let cursors: ReplayCursors
  private let books: (String) -> Books?

  /// - Parameter books: Of a destination, by its name.
  package init(_ step: ReplayStep, _ cursors: ReplayCursors, books: @escaping (String) -> Books?) {
    self.step = step
    self.cursors = cursors
    self.books = books
  }

  /// nil: it waits for them, since no other destination lacks work meanwhile.
  package var destinationsToPart: Set<String>? {
    if let part = step.part, isShortOfRoom(part, for: step.entries.count) { return nil }
    var parts: [String: (count: Int, bytes: Int)] = [:]
    for entry in step.entries {
      for target in entry.targets where step.part != nil || cursors.parted[target.destination] == nil {
        let part = parts[target.destination] ?? (0, 0)
        parts[target.destination] = (part.count + 1, part.bytes + entry.bytes)
      }
    }
    let full = Set(parts.lazy.filter { !self.hasRoom($0.key, $0.value) }.map(\.key))
    guard step.part == nil, !full.isEmpty else { return full.isEmpty ? [] : nil }
    let waiting = Set(parts.keys).union(step.others)
    let lackWork = waiting.contains { name in
      !full.contains(name) && cursors.parted[name] == nil && self.lacksWork(name)
    }
    return lackWork ? full : nil
  }

  /// A quick look: nearly all that wait for room do so for this.
  private func isShortOfRoom(_ destination: String, for count: Int) -> Bool {
    guard let replaying = books(destination)?.stored.replaying else { return false }
    return replaying > 0 && replaying + count > step.ahead
  }

  private func hasRoom(_ destination: String, _ part: (count: Int, bytes: Int)) -> Bool {
    guard let books = books(destination) else { return true }
    return !isShortOfRoom(destination, for: part.count)
      && (books.stored.pending + books.stored.dead == 0 || books.hasRoomForReplay(part.bytes))
  }

  /// Half of what may be queued for it has been sent.
  private func lacksWork(_ destination: String) -> Bool {
    guard let books = books(destination) else { return false }
    return books.stored.replaying <= step.ahead / 2 && books.hasRoomForReplay(0)
  }
}
