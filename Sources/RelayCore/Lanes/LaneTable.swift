/// The lanes, by their destinations' names.
///
/// A lane is a large value: what happens often finds its place once and works on it there, without a copy. Places stay
/// the same until lanes are removed.
package struct LaneTable: Sendable {
  private(set) var all: [Lane] = []
  private var places: [String: Int] = [:]

  package var count: Int { all.count }
  package var isEmpty: Bool { all.isEmpty }

  /// A copy, for a look.
  package subscript(name: String) -> Lane? { places[name].map { all[$0] } }

  /// The last that was asked for: most of what happens in a turn happens to few lanes.
  private var last: (name: String, place: Int)?

  mutating func place(of name: String) -> Int? {
    if let last, last.name == name { return last.place }
    guard let place = places[name] else { return nil }
    last = (name, place)
    return place
  }

  subscript(place: Int) -> Lane {
    _read { yield all[place] }
    _modify { yield &all[place] }
  }

  /// - Returns: Its place.
  mutating func add(_ lane: Lane) -> Int {
    places[lane.destination.name] = all.count
    all.append(lane)
    return all.count - 1
  }

  /// The places of the others change.
  mutating func remove(_ names: Set<String>) {
    last = nil
    all.removeAll { names.contains($0.destination.name) }
    places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.destination.name, $0) })
  }
}
