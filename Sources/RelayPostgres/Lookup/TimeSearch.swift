import RelayCore

/// Looks for the first row from which on all came after a time, in rows that are in order of it but for some slack. A pure value: it says
/// which rows to look at, many at a time, since each look is a round trip.
struct TimeSearch: Equatable {
  /// The row lies in these, or is the end of them.
  private(set) var rest: Range<Int64>
  private static let probes: Int64 = 48

  /// - Parameter rows: Of all there are: from the first to behind the last.
  init(in rows: Range<Int64>) {
    rest = rows
  }

  var isOver: Bool { rest.isEmpty }
  /// When it is over.
  var result: Int64 { rest.lowerBound }

  /// Places to look at, rising: of each the first row from there on.
  var places: [Int64] {
    let width = rest.upperBound - rest.lowerBound
    let count = min(Self.probes, width)
    let (step, more) = width.quotientAndRemainder(dividingBy: count)
    // Evenly, and without a product that could be too large.
    return (0..<count).map { rest.lowerBound + $0 * step + min($0, more) }
  }

  /// What was found there.
  enum Found: Equatable {
    /// A row, and whether it came before the time.
    case row(Int64, isBefore: Bool)
    case nothing
  }

  /// - Parameter found: For each of the `places`.
  mutating func narrow(_ found: [Found]) {
    for (place, found) in zip(places, found) {
      guard case .row(let row, isBefore: true) = found, row < rest.upperBound else {
        rest = rest.lowerBound..<max(rest.lowerBound, place)
        return
      }
      rest = max(rest.lowerBound, row + 1)..<rest.upperBound
    }
  }
}
