/// The lanes, by their destinations' names, and which of them are to have a turn.
///
/// A lane is a large value: what happens often finds its place once and works on it there, without a copy. Places stay
/// the same until lanes are removed.
struct LaneTable: Sendable {
  private(set) var all: [Lane] = []
  /// Their destinations' names, by place: so that nobody looks into a lane for its name, which may copy all of it.
  private(set) var names: [String] = []
  /// The places of lanes that are to have a turn, in the order in which they were touched.
  private(set) var touched: [Int] = []
  /// By place.
  private var isTouched: [Bool] = []
  /// When each is to be looked at without an input, as the dispatcher's queue has it; by place.
  private var deadlines: [Timestamp?] = []
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
    names.append(lane.destination.name)
    isTouched.append(false)
    deadlines.append(nil)
    return all.count - 1
  }

  /// The places of the others change. Call it while none is touched.
  mutating func remove(_ removed: Set<String>) {
    last = nil
    let kept = all.indices.filter { !removed.contains(names[$0]) }
    all = kept.map { all[$0] }
    names = kept.map { names[$0] }
    deadlines = kept.map { deadlines[$0] }
    isTouched = Array(repeating: false, count: all.count)
    places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  /// How every lane is, by name.
  func statuses(at now: Timestamp) -> [LaneStatus] {
    // The names are sorted, and not the statuses, which are large.
    names.indices.sorted { names[$0] < names[$1] }.map { all[$0].status(at: now) }
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

  // MARK: Deadlines

  /// Notes a lane's deadline.
  ///
  /// - Returns: Whether it is another one than before: mostly it is not, and the queue need not be asked.
  mutating func setDeadline(_ deadline: Timestamp?, of place: Int) -> Bool {
    guard deadlines[place] != deadline else { return false }
    deadlines[place] = deadline
    return true
  }

  /// The queue has given it out, and holds it no longer.
  mutating func deadlineCame(of place: Int) { deadlines[place] = nil }
}
