/// What came of a destination's attempts in the last day, counted by the event's type and the outcome: for people who ask what fails,
/// how much of it, and since when.
///
/// A pure value, bounded: at most `maxTypes` types, 98 counts a bucket, and 138 buckets (30 of ten seconds, 60 of a minute, 48 of
/// half an hour), which is 110 KB at the very most and 10 KB mostly. To add one attempt is one addition where it is like the one
/// before it, so that it can be counted on the path; all else is done when somebody asks, or when ten seconds are over.
package struct AttemptHistory: Sendable, Equatable {
  /// Types beyond these are counted together.
  static let maxTypes = 32
  /// Stands for them.
  package static let otherTypes = "other types"

  private static let bucket = Duration.seconds(10).microseconds

  private var types: [String] = []
  private var lastType = 0
  /// The bucket that is being filled, and when it ends; nil: nothing was ever counted.
  private var open = AttemptTally()
  private var openEnds: Timestamp?
  /// When the first attempt was counted.
  private var began: Timestamp?
  private var rings = [
    TallyRing(width: .seconds(10), count: 30), TallyRing(width: .seconds(60), count: 60),
    TallyRing(width: .seconds(1_800), count: 48),
  ]

  package init() {}

  /// - Parameter type: Of the event that was sent.
  package mutating func add(_ result: AttemptResult, type: String, at now: Timestamp) {
    if let end = openEnds, now < end {
      open.add(AttemptCause(result), type: place(of: type), took: result.duration)
      return
    }
    close()
    openEnds = Timestamp(microseconds: (now.microseconds / Self.bucket + 1) * Self.bucket)
    if began == nil { began = now }
    open.add(AttemptCause(result), type: place(of: type), took: result.duration)
  }

  /// The time of the bucket that was being filled is over.
  private mutating func close() {
    guard let end = openEnds, !open.isEmpty else { return }
    for index in rings.indices { rings[index].add(open, from: end.advanced(by: .microseconds(-Self.bucket))) }
    open = AttemptTally()
  }

  private mutating func place(of type: String) -> Int {
    if lastType < types.count, types[lastType] == type { return lastType }
    let known = types.firstIndex { $0 == type }
    if let known {
      lastType = known
      return known
    }
    guard types.count < Self.maxTypes else { return Self.maxTypes }
    types.append(type)
    lastType = types.count - 1
    return lastType
  }

  // MARK: What is told of it

  /// The last five minutes, the last hour and the last day, each as near as its buckets go: a thirtieth, a sixtieth, a
  /// forty-eighth of it may be missing.
  package func windows(at now: Timestamp) -> [AttemptWindow] {
    rings.map { ring in
      var tally = ring.sum(at: now)
      if let end = openEnds, end.advanced(by: ring.length) > now { tally.add(open) }
      let age = began.map { max(.zero, $0.duration(to: now)) } ?? .zero
      return AttemptWindow(length: ring.length, counted: min(age, ring.length), tally, types: types)
    }
  }
}

/// What came of an attempt: the answer's status, or what went wrong.
package enum AttemptCause: Hashable, Sendable, CustomStringConvertible {
  case status(Int)
  case failure(TransportFailure.Kind)

  package init(_ result: AttemptResult) {
    switch result.response {
    case .status(let code, _, _): self = .status(code)
    case .failure(let failure): self = .failure(failure.kind)
    }
  }

  package var isSuccess: Bool {
    switch self {
    case .status(let code): (200..<300).contains(code)
    case .failure: false
    }
  }

  /// `422`, `connection refused`.
  package var description: String {
    switch self {
    case .status(let code): "\(code)"
    case .failure(let kind): kind.rawValue
    }
  }

  /// A number for each: the status, or 1,000 and the place of the kind.
  fileprivate var code: UInt16 {
    switch self {
    case .status(let code): UInt16(clamping: min(code, 999))
    case .failure(let kind): 1_000 + UInt16(TransportFailure.Kind.allCases.firstIndex(of: kind)!)
    }
  }

  fileprivate init(code: UInt16) {
    self = code < 1_000 ? .status(Int(code)) : .failure(TransportFailure.Kind.allCases[Int(code) - 1_000])
  }
}

/// Attempts, counted by the event's type and what came of them. Small where they are alike.
struct AttemptTally: Sendable, Equatable {
  struct Cell: Sendable, Equatable {
    /// The type's place, and the outcome's number; the number 0 stands for failures that are not told apart.
    var type: UInt16
    var code: UInt16
    var count: UInt32

    var isSuccess: Bool { code == 200 }
    var cause: AttemptCause? { code == 0 ? nil : AttemptCause(code: code) }
  }

  /// With many more, something is counted that is not worth telling apart.
  private static let maxCells = 64

  private(set) var cells: [Cell] = []
  private(set) var time = Duration.zero
  /// The cell that was counted last.
  private var last = 0

  var isEmpty: Bool { cells.isEmpty }

  mutating func add(_ cause: AttemptCause, type: Int, took duration: Duration) {
    time += duration
    // All successes of a type are one.
    add(Cell(type: UInt16(type), code: cause.isSuccess ? 200 : cause.code, count: 1))
  }

  mutating func add(_ other: AttemptTally) {
    time += other.time
    for cell in other.cells { add(cell) }
  }

  private mutating func add(_ cell: Cell) {
    if last < cells.count, cells[last].type == cell.type, cells[last].code == cell.code {
      cells[last].count += cell.count
      return
    }
    if let place = cells.firstIndex(where: { $0.type == cell.type && $0.code == cell.code }) {
      last = place
      cells[place].count += cell.count
    } else if cells.count < Self.maxCells || cell.code == 200 || cell.code == 0 {
      // At most one success a type, and one cell for the rest, can come beyond the bound.
      last = cells.count
      cells.append(cell)
    } else {
      add(Cell(type: UInt16(AttemptHistory.maxTypes), code: 0, count: cell.count))
    }
  }
}

/// Buckets of one width, the newest last; those of which nothing happened are not there.
private struct TallyRing: Sendable, Equatable {
  let width: Duration
  let count: Int
  private var buckets: [(index: Int64, tally: AttemptTally)] = []

  init(width: Duration, count: Int) {
    self.width = width
    self.count = count
  }

  var length: Duration { width * count }

  mutating func add(_ tally: AttemptTally, from start: Timestamp) {
    let index = start.microseconds / width.microseconds
    if let last = buckets.last, last.index == index {
      buckets[buckets.count - 1].tally.add(tally)
    } else {
      buckets.removeAll { $0.index <= index - Int64(count) }
      buckets.append((index, tally))
    }
  }

  func sum(at now: Timestamp) -> AttemptTally {
    let oldest = now.microseconds / width.microseconds - Int64(count)
    var sum = AttemptTally()
    for bucket in buckets where bucket.index > oldest { sum.add(bucket.tally) }
    return sum
  }

  static func == (one: TallyRing, other: TallyRing) -> Bool {
    one.width == other.width && one.count == other.count
      && one.buckets.elementsEqual(other.buckets) { $0.index == $1.index && $0.tally == $1.tally }
  }
}
