import RelayCore

/// Goes through numbers of events, part by part, by the shelves on which their deliveries stand: of each shelf a few deliveries are read,
/// and up to where all shelves are known, events without one of them are passed over. A pure value: it says what is to be read, and is
/// given it.
///
/// An event's number and those of the deliveries that came with it are of one commit. What came later is not found by it.
struct ShelfWalk: Equatable {
  struct Found: Equatable {
    var delivery: Int64
    var event: EventID
  }

  /// The next numbers, and which events to look at.
  enum Part: Equatable {
    case events(Set<EventID>, within: Range<Int64>)
    /// All of them: so many have a delivery on these shelves.
    case all(Range<Int64>)
  }

  /// So far apart the numbers of one commit never are: it is a second's.
  static let span: Int64 = 1 << (20 + CommitBase.slotBits)

  private let order: EventPageRequest.Order
  /// The numbers that it has not come to.
  private(set) var rest: Range<Int64>
  /// How many deliveries are read of a shelf.
  let page: Int

  /// - Parameter shelves: How many there are.
  init(_ numbers: Range<Int64>, _ order: EventPageRequest.Order, shelves: Int) {
    rest = numbers
    self.order = order
    page = max(16, 2_048 / max(1, shelves))
  }

  /// Between which deliveries to read, in the order of the walk; nil: it has come to the end.
  var deliveries: ClosedRange<Int64>? {
    rest.isEmpty ? nil : rest.lowerBound - Self.span...rest.upperBound + Self.span
  }

  /// - Parameter shelves: What was found on each, in the order of the walk; fewer than `page`: there are no more.
  mutating func next(_ shelves: [[Found]]) -> Part {
    // Of a shelf that has more, nothing is known beyond the last.
    let ends = shelves.filter { $0.count >= page }.map { $0[$0.count - 1].delivery }
    let known: Range<Int64>
    switch order {
    case .newestFirst:
      let start = ends.max().map { $0 + Self.span } ?? rest.lowerBound
      known = min(max(start, rest.lowerBound), rest.upperBound)..<rest.upperBound
    case .oldestFirst:
      let end = ends.min().map { $0 - Self.span + 1 } ?? rest.upperBound
      known = rest.lowerBound..<max(min(end, rest.upperBound), rest.lowerBound)
    }
    guard !known.isEmpty else { return .all(take(crowded)) }
    return .events(Set(shelves.joined().map(\.event)), within: take(known))
  }

  /// What is not worth looking for on shelves: in a moment there came more than is read of one.
  private var crowded: Range<Int64> {
    switch order {
    case .newestFirst: max(rest.lowerBound, rest.upperBound - Self.span)..<rest.upperBound
    case .oldestFirst: rest.lowerBound..<min(rest.upperBound, rest.lowerBound + Self.span)
    }
  }

  private mutating func take(_ part: Range<Int64>) -> Range<Int64> {
    switch order {
    case .newestFirst: rest = rest.lowerBound..<part.lowerBound
    case .oldestFirst: rest = part.upperBound..<rest.upperBound
    }
    return part
  }
}
