/// Gathers what events are found by, and makes a run of it.
struct RunBuilder {
  /// More values of a kind are not listed, nor is a longer one.
  fileprivate static let maxNames = 2_000
  private static let maxNameBytes = 256

  private let id: RunID
  private let shape: RunShape
  private let rows: Range<Int64>
  private var terms = TermTable()
  /// Which term stands for which row, in order of the rows.
  private var termOfEntry: [UInt32] = []
  private var rowOfEntry: [UInt32] = []
  private var contents: RunContents

  init(_ id: RunID, _ shape: RunShape) {
    self.id = id
    self.shape = shape
    rows = id.rows(shape)
    contents = RunContents()
    contents.deliveries = Array(repeating: 0..<0, count: rows.count >> shape.smallBits)
    termOfEntry.reserveCapacity(rows.count * 8)
    rowOfEntry.reserveCapacity(rows.count * 8)
  }

  /// A row of the run's range.
  mutating func add(_ term: UInt64, row: Int64) {
    termOfEntry.append(UInt32(terms.place(of: term).place))
    rowOfEntry.append(UInt32(row - rows.lowerBound))
  }

  /// A value of a kind that is listed; nil: there is none.
  mutating func add(_ kind: EventTerm.Kind, _ value: UnsafeBufferPointer<UInt8>?, row: Int64) {
    let (place, isNew) = terms.place(of: value.map { EventTerm.of(kind, $0) } ?? EventTerm.absent(kind))
    termOfEntry.append(UInt32(place))
    rowOfEntry.append(UInt32(row - rows.lowerBound))
    if isNew, let value { addName(value, of: kind) }
  }

  private mutating func addName(_ value: UnsafeBufferPointer<UInt8>, of kind: EventTerm.Kind) {
    let list = EventTerm.Kind.named.firstIndex(of: kind)!
    guard let names = contents.names[list] else { return }
    guard names.count < Self.maxNames, value.count <= Self.maxNameBytes else {
      contents.names[list] = nil
      return
    }
    contents.names[list]!.append(value.map { kind.ignoresCase ? $0.asciiLowercased : $0 })
  }

  /// Deliveries that came with the event of that row.
  mutating func add(deliveries: Range<Int64>, row: Int64) {
    let part = Int((row - rows.lowerBound) >> Int64(shape.smallBits))
    let known = contents.deliveries[part]
    contents.deliveries[part] =
      known.isEmpty
      ? deliveries
      : min(known.lowerBound, deliveries.lowerBound)..<max(known.upperBound, deliveries.upperBound)
  }

  /// Entries are brought into the order of their terms by counting them.
  consuming func finish() -> EncodedRun {
    var ends = Array(repeating: 0, count: terms.count)
    for term in termOfEntry { ends[Int(term)] += 1 }
    var sum = 0
    for term in ends.indices {
      sum += ends[term]
      ends[term] = sum
    }
    var places = ends
    var sorted = Array(repeating: UInt32(0), count: rowOfEntry.count)
    for entry in termOfEntry.indices.reversed() {
      let term = Int(termOfEntry[entry])
      places[term] -= 1
      sorted[places[term]] = rowOfEntry[entry]
    }
    var assembly = RunAssembly(id, shape, contents: contents)
    for (term, place) in terms.rising() {
      // Deliveries that were queued later stand among others' deliveries: their events come late.
      let rows = sorted[places[place]..<ends[place]]
      let isRising = zip(rows, rows.dropFirst()).allSatisfy { $0 <= $1 }
      assembly.add(term, rows: isRising ? rows : rows.sorted()[...])
    }
    return assembly.finish()
  }
}

/// Numbers terms in the order in which they come.
private struct TermTable {
  private var terms: [UInt64] = []
  /// 0: free; else the term's place and one.
  private var slots = Array(repeating: UInt32(0), count: 4_096)

  var count: Int { terms.count }

  mutating func place(of term: UInt64) -> (place: Int, isNew: Bool) {
    let mask = UInt64(slots.count - 1)
    var slot = Int(term & mask)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if terms[place] == term { return (place, false) }
      slot = (slot + 1) & Int(mask)
    }
    terms.append(term)
    slots[slot] = UInt32(terms.count)
    if terms.count * 2 > slots.count { grow() }
    return (terms.count - 1, true)
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    let mask = slots.count - 1
    for (place, term) in terms.enumerated() {
      var slot = Int(term & UInt64(mask))
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = UInt32(place + 1)
    }
  }

  func rising() -> [(term: UInt64, place: Int)] {
    terms.enumerated().map { ($1, $0) }.sorted { $0.0 < $1.0 }
  }
}

/// Makes a large run of small ones.
struct RunMerge {
  private struct Entry {
    var term: UInt64
    /// Where the rows of its run begin in the large one.
    var shift: UInt32
    var postings: [UInt8]
  }

  private let id: RunID
  private let shape: RunShape
  private var entries: [Entry] = []
  private var contents: RunContents

  init(_ id: RunID, _ shape: RunShape) {
    self.id = id
    self.shape = shape
    contents = RunContents()
    contents.deliveries = Array(
      repeating: 0..<0, count: id.rows(shape).count >> shape.smallBits)
  }

  /// In order of their rows.
  ///
  /// - Returns: Whether it could be read.
  mutating func add(_ small: EncodedRun) -> Bool {
    guard let first = small.pages.first, let added = RunContents(first) else { return false }
    let start = small.id.rows(shape).lowerBound - id.rows(shape).lowerBound
    contents.deliveries[Int(start >> Int64(shape.smallBits))] = added.deliveries.first ?? 0..<0
    for list in contents.names.indices { addNames(added.names[list], to: list) }
    for page in small.pages.dropFirst() {
      let isWhole = page.withUnsafeBufferPointer { page in
        RunPages.forEach(on: page) { term, postings in
          entries.append(Entry(term: term, shift: UInt32(start), postings: Array(postings)))
          return true
        }
      }
      guard isWhole else { return false }
    }
    return true
  }

  private mutating func addNames(_ names: RunContents.Names, to list: Int) {
    guard let known = contents.names[list] else { return }
    guard let names else {
      contents.names[list] = nil
      return
    }
    let all = Set(known)
    let more = names.filter { !all.contains($0) }
    contents.names[list] = known.count + more.count > RunBuilder.maxNames ? nil : known + more
  }

  /// nil: what was added can't be read.
  consuming func finish() -> EncodedRun? {
    entries.sort { ($0.term, $0.shift) < ($1.term, $1.shift) }
    var assembly = RunAssembly(id, shape, contents: contents)
    var rows: [UInt32] = []
    for (place, entry) in entries.enumerated() {
      let isWhole = entry.postings.withUnsafeBufferPointer { postings in
        RunPages.forEachRow(in: postings, span: Int(shape.smallRows)) {
          rows.append(entry.shift + UInt32($0))
        }
      }
      guard isWhole else { return nil }
      guard place + 1 == entries.count || entries[place + 1].term != entry.term else { continue }
      assembly.add(entry.term, rows: rows)
      rows.removeAll(keepingCapacity: true)
    }
    return assembly.finish()
  }
}
