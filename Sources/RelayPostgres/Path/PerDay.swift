/// The statements that are about one day, of the days that were asked for last.
struct PerDay<Statements> {
  private let make: (Day?) -> Statements
  /// The last one first.
  private var made: [(day: Day?, statements: Statements)] = []

  /// Old days have few rows: theirs are made anew.
  private static var limit: Int { 8 }

  init(_ make: @escaping (Day?) -> Statements) { self.make = make }

  /// - Parameter day: nil: those of all days.
  mutating func of(_ day: Day?) -> Statements {
    if let first = made.first, first.day == day { return first.statements }
    let place = made.firstIndex { $0.day == day }
    let entry = place.map { made.remove(at: $0) } ?? (day: day, statements: make(day))
    made.insert(entry, at: 0)
    if made.count > Self.limit { made.removeLast() }
    return entry.statements
  }
}

extension Array {
  /// Those of this day, by it, and all others together; groups that are not empty.
  func parted(from day: Day?, of dayOf: (Element) -> Day) -> [(day: Day?, elements: [Element])] {
    guard !isEmpty else { return [] }
    guard let day else { return [(nil, self)] }
    if allSatisfy({ dayOf($0) == day }) { return [(day, self)] }
    let (own, others) = (filter { dayOf($0) == day }, filter { dayOf($0) != day })
    return own.isEmpty ? [(nil, others)] : [(day, own), (nil, others)]
  }

  /// Groups of one day each. All in one group, as nearly always, costs no more than a look at each.
  func byDay(of day: (Element) -> Day) -> [(day: Day, elements: ArraySlice<Element>)] {
    guard let first else { return [] }
    let only = day(first)
    if allSatisfy({ day($0) == only }) { return [(only, self[...])] }
    return Dictionary(grouping: self, by: day).sorted { $0.key < $1.key }.map { ($0.key, $0.value[...]) }
  }
}
