import RelayCore

/// A transaction while it is put together: statements that go to the server in one pipeline with one Sync, and what is to be done with
/// what comes back. Confined to the store's thread.
///
/// Nothing is read within it. What has to be known is in memory, or was read before; what only the server can decide is decided by the
/// statements, and told by their rows. So a commit is one round trip.
final class PendingCommit {
  /// The steady time.
  let now: Timestamp
  let slot: Int16
  /// The lowest that its numbers may have: above all that the node has given.
  private let lowestTick: Int64
  /// Of its numbers; nil: not sure.
  let day: Day?
  /// Where what has an order key begins.
  let keys: KeyBound
  /// There are other nodes, which are to know what it stores.
  let tells: Bool
  private(set) var pipeline = Pipeline()
  /// What is done with the rows of a statement, and how they are had again.
  private struct Step {
    var handler: (Rows) -> Void
    var again: (() -> (Statement, Parameters))?
  }

  private var steps: [Step] = []
  private var followers: [() -> Void] = []
  /// Of its deliveries those that others of their order keys come before.
  private var waiting: Set<DeliveryID> = []
  /// Where its numbers begin, once it has been carried out.
  private(set) var base: Int64 = 0
  /// Whose turn it is to take differences of books, as the server has told it with the commit; nil: it has not.
  private(set) var bookTurn: Int64?
  /// What it inserts: after all that others add, so that what is settled with it makes room and way.
  var arrivals = Arrivals()
  /// What of it other nodes are to know.
  var news = NewsDraft()
  /// What other nodes must not store with it.
  var twins: [TwinKey] = []
  /// It may go by this connection only; nil: by any.
  var connectionNumber: Int?
  /// A statement met other rows than it should have.
  private(set) var damage: StoreError?

  init(now: Timestamp, slot: Int16, lowestTick: Int64, day: Day?, keys: KeyBound, tells: Bool) {
    self.now = now
    self.slot = slot
    self.lowestTick = lowestTick
    self.day = day
    self.keys = keys
    self.tells = tells
  }

  /// The beginning of the parameters of a statement that gives numbers: `CommitBase`.
  func parameters(capacity: Int) -> Parameters {
    var parameters = Parameters(capacity: capacity)
    parameters.add(lowestTick)
    parameters.add(slot)
    return parameters
  }

  /// - Parameter handler: Given what came back, after the commit, in the order of the statements.
  func add(_ statement: Statement, _ parameters: Parameters, _ handler: @escaping (Rows) -> Void = { _ in }) {
    pipeline.add(statement, parameters)
    steps.append(Step(handler: handler, again: nil))
  }

  /// The same with a question that brings the same rows after the commit: asked where what came back was lost, since others need them.
  func add(
    _ statement: Statement, _ parameters: Parameters, again: @escaping () -> (Statement, Parameters),
    handler: @escaping (Rows) -> Void
  ) {
    pipeline.add(statement, parameters)
    steps.append(Step(handler: handler, again: again))
  }

  /// Statements that come before all others.
  func addFirst(_ statements: [(Statement, Parameters)]) {
    for (place, (statement, parameters)) in statements.enumerated() {
      pipeline.insert(statement, parameters, at: place)
      steps.insert(Step(handler: { _ in }, again: nil), at: place)
    }
  }

  /// The last statement, which tells the base and the turn: before all handlers run.
  func addLast(_ statement: Statement, _ parameters: Parameters) { pipeline.add(statement, parameters) }

  /// It is on disk.
  ///
  /// - Parameter rows: What each statement brought.
  func succeeded(_ rows: [Rows]) {
    let last = rows.last?.first
    base = last?.integer(0) ?? lowestTick
    bookTurn = last?.integer(1)
    for (step, rows) in zip(steps, rows) { step.handler(rows) }
    for follower in followers { follower() }
  }

  /// It is on disk, and what came back was lost.
  ///
  /// - Parameters:
  ///   - base: Where its numbers begin.
  ///   - ask: Asks anew.
  func recovered(from base: Int64, _ ask: (Pipeline) throws(StoreError) -> [Rows]) throws(StoreError) {
    self.base = base
    var pipeline = Pipeline()
    let asked = steps.filter { $0.again != nil }
    for step in asked {
      guard let (statement, parameters) = step.again?() else { continue }
      pipeline.add(statement, parameters)
    }
    for (step, rows) in zip(asked, try ask(pipeline)) { step.handler(rows) }
    for follower in followers { follower() }
  }

  /// - Parameter follower: Called after the commit, and after all handlers.
  func whenDone(_ follower: @escaping () -> Void) { followers.append(follower) }

  /// The statements have found that others of their order keys come before these.
  func wait(for deliveries: [DeliveryID]) { waiting.formUnion(deliveries) }

  func waits(_ delivery: DeliveryID) -> Bool { waiting.contains(delivery) }

  /// The delivery that stands at this place among those that it inserts.
  func delivery(at place: Int32) -> DeliveryID {
    DeliveryID(rawValue: CommitBase.number(base + Int64(place), slot: slot))
  }

  /// The lowest tick that the next commit may give.
  var nextTick: Int64 { base + Int64(max(arrivals.deliveryCount, arrivals.eventCount, 1)) }

  /// A statement met as many rows as it should.
  func check(_ affected: Int, _ expected: Int, _ what: String) {
    guard affected != expected, damage == nil else { return }
    damage = StoreError(
      code: .failing,
      message:
        "the store is damaged: of \(expected) deliveries that were pending \(affected) could be \(what); "
        + "has somebody else changed its tables?")
  }
}

@available(*, unavailable)
extension PendingCommit: Sendable {}
