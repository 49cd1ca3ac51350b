import RelayCore
import RelayStoring

/// What people have asked for here, and other nodes are to do; and what they have asked for elsewhere, and this one does. Confined to the store's
/// thread, between commits.
///
/// docs/decisions/0051-the-owner-makes-changes.md says what is done where somebody ends meanwhile.
final class Requests {
  typealias Answer = (ChangedDeliveries, RequestAnswer) -> Void

  /// What was asked for here.
  private struct Ask {
    var request: NodeRequest
    var target: Int32
    var asker: SlotHolding
    var isStored = false
    /// It was sent, and nobody knows what came of that.
    var mayBeStored = false
    var answer: Answer
  }

  private let session: StoreSession
  private let signal: LeaseSignal
  private let replays: ReplayRunners
  private let statements: RequestStatements
  private let clock: any SteadyClock
  /// A destination that something is done with stays with this node until that has ended.
  private let began: (String) -> Void
  private let ended: (String) -> Void

  /// By their numbers.
  private var asks: [Int64: Ask] = [:]
  private var nextNumber: Int64 = 1
  private var underWay = RequestsUnderWay()
  /// Of what is under way, not kept yet.
  private var answers: [(id: Int64, answer: RequestAnswer)] = []
  private var jobs: [RequestJob] = []
  /// One has ended: what waited for it can begin.
  private var mayBegin = false
  private var nextSweep = ContinuousClock.now
  private var nextTouch = ContinuousClock.now

  private static let sweepInterval = Duration.seconds(60)
  /// How often it is written down that what waits here for its turn is not forgotten.
  private static let touchInterval = Duration.seconds(10)

  /// - Parameters:
  ///   - patience: After so long without anything done a request is given up.
  ///   - began: Called with the destination when something is begun.
  ///   - ended: Called as often.
  init(
    _ session: StoreSession, _ signal: LeaseSignal, replays: ReplayRunners, clock: any SteadyClock,
    patience: Duration,
    tables: TableNames, began: @escaping (String) -> Void, ended: @escaping (String) -> Void
  ) {
    self.session = session
    self.signal = signal
    self.replays = replays
    self.clock = clock
    self.began = began
    self.ended = ended
    statements = RequestStatements(tables, patience: patience)
  }

  private var connection: StoreConnection { session.connection }

  // MARK: Asking

  /// Asks whoever has it.
  ///
  /// - Parameters:
  ///   - target: The destination's number, or the replay's.
  ///   - answer: Called once: with what has come of it, or why nobody knows.
  func ask(_ request: NodeRequest, of target: Int32, answer: @escaping Answer) {
    asks[nextNumber] = Ask(request: request, target: target, asker: connection.holding, answer: answer)
    nextNumber += 1
  }

  /// Something is to be written, or can begin.
  var hasMore: Bool { !answers.isEmpty || mayBegin || asks.values.contains { !$0.isStored } }

  /// Stores what is new, and what has come of what was done here: the others are told to look.
  func write() throws(StoreError) {
    try send()
    guard !answers.isEmpty else { return }
    var pipeline = Pipeline()
    for (id, answer) in answers { statements.answer(id, answer, in: &pipeline) }
    _ = try connection.run(pipeline)
    let answered = answers.map(\.id)
    answers = []
    for id in answered { finish(id) }
  }

  private func send() throws(StoreError) {
    let unsent = asks.filter { !$0.value.isStored }.sorted { $0.key < $1.key }
    guard !unsent.isEmpty else { return }
    var pipeline = Pipeline()
    for (number, ask) in unsent {
      statements.insert(ask.request, to: ask.target, as: number, of: ask.asker, in: &pipeline)
    }
    do throws(StoreError) {
      _ = try connection.run(pipeline)
    } catch {
      // Those that may be there are written again: who is there already is left as it is.
      for (number, ask) in unsent {
        if connection.isInDoubt {
          asks[number]?.mayBeStored = true
        } else if !ask.mayBeStored {
          refuse(number, error)
        }
      }
      throw error
    }
    for (number, _) in unsent { asks[number]?.isStored = true }
    tellOthers()
  }

  private func refuse(_ number: Int64, _ error: StoreError) {
    asks.removeValue(forKey: number)?.answer(ChangedDeliveries(), .failed(error))
  }

  /// The node ends, or is lost. What was asked for may be done all the same.
  func refuseAll(_ error: StoreError) {
    for number in asks.keys.sorted() { refuse(number, error) }
  }

  // MARK: Looking

  /// Adds the question to others: the last of the pipeline.
  func open(in pipeline: inout Pipeline) {
    for asker in Set(asks.values.map(\.asker.session)) {
      statements.giveUp(of: SlotHolding(slot: Int(session.slot), session: asker), in: &pipeline)
    }
    statements.open(for: session.slot, in: &pipeline)
  }

  /// Answers those who have asked here, and begins what this node is to do.
  ///
  /// - Parameters:
  ///   - rows: What the question has brought.
  ///   - isMine: Whether it is this node's to do.
  func act(on rows: Rows, isMine: (RequestRow) -> Bool) throws(StoreError) {
    let found = RequestStatements.rows(rows)
    try hear(found)
    guard let host = signal.host else { return }
    try touch(found.filter { $0.answer == nil && $0.isFresh && isMine($0) })
    var begun = underWay.begin(found, isMine: isMine)[...]
    while let row = begun.popFirst() {
      do throws(StoreError) {
        try begin(row, host)
      } catch {
        for other in begun { _ = underWay.end(other.id) }
        throw error
      }
    }
  }

  /// What comes before them may take longer than anybody would wait for a node that stands still.
  private func touch(_ mine: [RequestRow]) throws(StoreError) {
    guard !mine.isEmpty, ContinuousClock.now >= nextTouch else { return }
    nextTouch = .now.advanced(by: Self.touchInterval)
    var pipeline = Pipeline()
    statements.touch(mine.map(\.id), in: &pipeline)
    _ = try connection.run(pipeline)
  }

  private func hear(_ found: [RequestRow]) throws(StoreError) {
    guard !asks.isEmpty else { return }
    var heard: [Int64] = []
    var there: Set<Int64> = []
    for row in found {
      guard let ask = asks[row.number], ask.asker == row.asker else { continue }
      there.insert(row.number)
      guard let answer = row.answer else { continue }
      heard.append(row.id)
      asks[row.number] = nil
      ask.answer(row.made, answer)
    }
    // Nobody leaves one lying for so long that it is swept; but where somebody else has removed it, nobody would ever answer.
    for (number, ask) in asks where ask.isStored && !there.contains(number) { refuse(number, .isGivenUp) }
    guard !heard.isEmpty else { return }
    var pipeline = Pipeline()
    statements.forget(heard, in: &pipeline)
    _ = try connection.run(pipeline)
  }

  /// Now and then: those that nobody waits for any more.
  func sweep() throws(StoreError) {
    guard ContinuousClock.now >= nextSweep else { return }
    nextSweep = .now.advanced(by: Self.sweepInterval)
    var pipeline = Pipeline()
    statements.sweep(in: &pipeline)
    _ = try connection.run(pipeline)
  }

  // MARK: Doing

  /// Each is given once.
  func takeJobs() -> [RequestJob] {
    defer { jobs = [] }
    return jobs
  }

  /// Whether something has ended since the last call, so that something else can begin.
  func takeMayBegin() -> Bool {
    defer { mayBegin = false }
    return mayBegin
  }

  /// Of a destination.
  private func name(_ row: RequestRow) -> String { session.destinations[row.destination].name }

  private func begin(_ row: RequestRow, _ host: any LaneHost) throws(StoreError) {
    if row.kind != .endReplay { began(name(row)) }
    guard row.kind == .change else {
      do throws(StoreError) {
        return try doNow(row, host)
      } catch {
        leave(row.id)
        throw error
      }
    }
    session.destinations.hold([name(row)])
    host.quieten(name(row)) { [signal, id = row.id] in signal.reply(.quiet(request: id)) }
  }

  private func doNow(_ row: RequestRow, _ host: any LaneHost) throws(StoreError) {
    guard let taken = try statements.take(row.id, connection) else { return finish(row.id) }
    switch taken.request {
    case .pause(let until):
      let name = name(row)
      try session.commit { commit in
        session.change(name) { $0.pausedUntil = until }
        statements.answer(row.id, .done, in: commit)
        return {}
      }
      host.pauseLane(name, until: until)
      finish(row.id)
    case .endRetryAfter:
      host.endRetryAfter(of: name(row)) { [signal, id = row.id] until in
        signal.reply(.endedRetryAfter(request: id, until: until))
      }
    case .endReplay(let end):
      let (isMine, _) = try replays.end(Int(row.target), as: end) { commit in
        statements.answer(row.id, .done, in: commit)
      }
      if isMine { finish(row.id) } else { leave(row.id) }
    case .change, nil: answers.append((row.id, .failed(.isOfAnotherVersion)))
    }
  }

  /// The lanes have answered.
  func hear(_ reply: LeaseSignal.Reply) {
    switch reply {
    case .quiet(let id):
      guard let row = underWay[id] else { return }
      jobs.append(
        RequestJob(id, of: name(row), statements, clock: clock) { [unowned self] in changed(id, $0) })
    case .endedRetryAfter(let id, let until):
      guard underWay[id] != nil else { return }
      answers.append((id, .endedRetryAfter(until: until)))
    }
  }

  private func changed(_ id: Int64, _ outcome: RequestJob.Outcome) {
    guard let row = underWay[id] else { return }
    session.destinations.resume([name(row)])
    signal.host?.changed(name(row), areRetried: outcome.areRetried)
    guard let error = outcome.failure else { return finish(id) }
    // Where this node ends, the next one goes on with it.
    if error.code != .closed { answers.append((id, .failed(error))) }
  }

  /// Its answer is kept, or nobody waits for it.
  private func finish(_ id: Int64) {
    leave(id)
    mayBegin = true
    tellOthers()
  }

  /// It is begun again with another look, here or elsewhere, unless it has ended.
  private func leave(_ id: Int64) {
    guard let row = underWay.end(id) else { return }
    if row.kind != .endReplay { ended(name(row)) }
  }

  private func tellOthers() { connection.tellOthers(upTo: session.lastDelivery) }
}

@available(*, unavailable)
extension Requests: Sendable {}
