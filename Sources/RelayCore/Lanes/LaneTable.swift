/// The lanes, by their destinations' names, and which of them are to have a turn.
///
/// A lane is a large value: what happens often finds its place once and works on it there, without a copy. Places stay
/// the same until lanes are removed.
struct LaneTable: Sendable {
  private(set) var all: [Lane] = []
  /// The places of lanes that are to have a turn, in the order in which they were touched.
  private(set) var touched: [Int] = []
  /// By place.
  private var isTouched: [Bool] = []
  private var places: [String: Int] = [:]
  /// The last that was asked for: most of what happens in a turn happens to few lanes.
  private var last: (name: String, place: Int)?

  /// A copy, for a look.
  subscript(name: String) -> Lane? { places[name].map { all[$0] } }

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
    isTouched.append(false)
    return all.count - 1
  }

  /// The places of the others change. Call it while none is touched.
  mutating func remove(_ names: Set<String>) {
    last = nil
    all.removeAll { names.contains($0.destination.name) }
    isTouched = Array(repeating: false, count: all.count)
    places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.destination.name, $0) })
  }

  // MARK: Turns

  /// Lets a lane have a turn.
  mutating func touch(_ place: Int) {
    guard !isTouched[place] else { return }
    isTouched[place] = true
    touched.append(place)
  }

  mutating func touchAll() {
    for place in all.indices { touch(place) }
  }

  /// They have had their turn.
  mutating func forgetTouched() {
    for place in touched { isTouched[place] = false }
    touched.removeAll(keepingCapacity: true)
  }
}
