import RelayCore
import RelayStoring

/// How far a store has been filled from another one: what its table `moving` holds.
struct MoveProgress: Equatable {
  /// What is to be done next. The raw values are those of the table.
  enum Step: Int32, Comparable {
    case state = 0
    case arrivals = 1
    case envelopes = 2
    case audit = 3
    case replays = 4
    case comparing = 5
    case done = 6

    static func < (a: Step, b: Step) -> Bool { a.rawValue < b.rawValue }
  }

  /// The mark of the store that everything comes from.
  var origin: String
  var step = Step.state
  /// How far events and deliveries were read.
  var place = ArrivalPlace()
  /// The last row that the present step has come to.
  var row: Int64 = 0
  var numbering: MoveNumbering
  /// What is of an earlier day is kept without a day: its table would have to go at once.
  var firstDay: Day
  /// Envelopes that were received before are of no use any more.
  var envelopesFrom: Timestamp

  /// The beginning of a move.
  ///
  /// - Parameters:
  ///   - origin: The mark of the store that everything comes from.
  ///   - tick: By the server's clock.
  ///   - clock: The last that the origin's relay has known of its own; nil: it is not known.
  init(origin: String, at tick: Int64, clock: Timestamp?, _ rules: MoveRules) {
    self.origin = origin
    numbering = MoveNumbering(ceiling: tick)
    let now = min(CommitBase.time(of: tick), clock ?? .distantFuture)
    firstDay = Day(of: now.advanced(by: .zero - rules.retention))
    envelopesFrom = now.advanced(by: .zero - rules.dedupe)
  }

  init(
    origin: String, step: Step, place: ArrivalPlace, row: Int64, numbering: MoveNumbering, firstDay: Day,
    envelopesFrom: Timestamp
  ) {
    self.origin = origin
    self.step = step
    self.place = place
    self.row = row
    self.numbering = numbering
    self.firstDay = firstDay
    self.envelopesFrom = envelopesFrom
  }

  /// The present step is done.
  mutating func goOn(to next: Step) {
    step = next
    row = 0
  }
}
