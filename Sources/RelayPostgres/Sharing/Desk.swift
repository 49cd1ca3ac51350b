import RelayCore
import RelayStoring

/// What people ask of destinations: done here where this node serves them, and asked of who does else. Confined to the store's thread.
final class Desk {
  let requests: Requests
  let replays: ReplayRunners
  private let session: StoreSession
  private let signal: LeaseSignal
  private let lanes: Lanes
  private let owners: LaneTable
  private let departures: Departures
  /// Somebody has asked for something since the last step.
  private var hasAsked = false
  /// The server did not answer the last time.
  private var isAway = false
  /// When what others have changed may be read again. What takes long is done less often: nobody's commit is to wait for it all the time.
  private var nextCatchUp = ContinuousClock.now
  /// The books were read anew.
  private var hasRoom = false

  /// - Parameter patience: What was asked of another node is given up when nobody has gone on with it for so long.
  init(
    _ session: StoreSession, _ signal: LeaseSignal, owners: LaneTable, departures: Departures,
    clock: any SteadyClock, patience: Duration, tables: TableNames
  ) {
    self.session = session
    self.signal = signal
    lanes = session.lanes
    self.owners = owners
    self.departures = departures
    replays = ReplayRunners(session, signal, tables)
    requests = Requests(
      session, signal, replays: replays, clock: clock, patience: patience, tables: tables,
      began: { departures.jobBegan($0) }, ended: { departures.jobEnded($0) })
  }

  private var connection: StoreConnection { session.connection }
  private var live: [Int16] { connection.nodes.slots.map(Int16.init) }

  // MARK: What is asked here

  /// Asks who serves the destination to make a change there.
  ///
  /// - Returns: Whether it is asked; else it is this node's to make.
  func asks(
    _ change: DeliveryChange, _ selection: DeliverySelection, of destination: String,
    completion: @escaping (ChangedDeliveries, StoreError?) -> Void
  ) -> Bool {
    guard lanes.isShared, let row = session.names.destination(destination), !lanes.owns(row) else {
      return false
    }
    ask(.change(NodeRequest.Change(change), selection), of: row) { completion($0, $1.failure) }
    return true
  }

  /// Does it here, or asks who serves the destination.
  func carryOut(_ work: LaneWork) {
    switch work {
    case .pause(let destination, let until, let completion):
      guard let row = session.names.destination(destination) else {
        return completion(.failure(.unknown(destination: destination)))
      }
      guard isServedByAnother(row) else { return pause(destination, until: until, completion) }
      ask(.pause(until: until), of: row) { _, answer in
        completion(answer.failure.map { .failure($0) } ?? .success(()))
      }
    case .endRetryAfter(let destination, let completion):
      guard let row = session.names.destination(destination), isServedByAnother(row) else {
        return completion(.success(.own))
      }
      ask(.endRetryAfter, of: row) { _, answer in
        switch answer {
        case .failed(let error): completion(.failure(error))
        case .done: completion(.success(.done(until: nil)))
        case .endedRetryAfter(let until): completion(.success(.done(until: until)))
        }
      }
    case .endReplay(let replay, as: let end, let completion): self.end(replay, as: end, completion)
    }
  }

  /// Who walks along it queues nothing more of it from then on.
  private func end(
    _ id: Int, as end: ReplayEnd, _ completion: @escaping (Result<Replay?, StoreError>) -> Void
  ) {
    guard let number = Int32(exactly: id) else { return completion(.success(nil)) }
    do throws(StoreError) {
      let (isMine, replay) = try replays.end(id, as: end)
      if isMine { return completion(.success(replay)) }
    } catch {
      return completion(.failure(error))
    }
    hasAsked = true
    requests.ask(.endReplay(as: end), of: number) { [replays] _, answer in
      if let failure = answer.failure { return completion(.failure(failure)) }
      completion(Result { () throws(StoreError) in try replays.replay(id) })
    }
  }

  /// Of what nobody serves, nobody has anything in memory that the table does not say.
  private func isServedByAnother(_ row: DestinationRowID) -> Bool {
    guard !lanes.owns(row), let owner = owners.owner(of: row) else { return false }
    return owner != session.slot && live.contains(owner)
  }

  private func pause(
    _ destination: String, until: Timestamp?, _ completion: (Result<Void, StoreError>) -> Void
  ) {
    completion(
      Result { () throws(StoreError) in
        try session.commit { commit in
          session.change(destination) { $0.pausedUntil = until }
          return {}
        }
      })
  }

  private func ask(
    _ request: NodeRequest, of destination: DestinationRowID, answer: @escaping Requests.Answer
  ) {
    requests.ask(request, of: Int32(destination.rawValue), answer: answer)
    hasAsked = true
  }

  // MARK: What is asked elsewhere

  /// The lanes may have answered; and of a store that is lost nobody does any more.
  ///
  /// - Returns: Whether there is something to be done at once.
  func hear() -> Bool {
    let replies = signal.takeReplies()
    for reply in replies { requests.hear(reply) }
    if let loss = connection.loss { requests.refuseAll(loss) }
    defer { hasAsked = false }
    return hasAsked || !replies.isEmpty
  }

  /// Stores what is to be stored of requests.
  ///
  /// - Returns: Whether others can begin, since some have ended.
  func write() throws(StoreError) -> Bool {
    try requests.write()
    return requests.takeMayBegin()
  }

  /// Whether it is this node that does what was asked for. What it is about to hand over the next owner does.
  func isMine(_ request: RequestRow) -> Bool {
    switch request.kind {
    case .change, .pause, .endRetryAfter:
      let standing = lanes.standing(of: request.destination)
      return standing == .own || standing == .reordering
    case .endReplay:
      let replay = Int(request.target)
      // Its walk has ended meanwhile: who has asked does what is left to be done.
      let isLeft = request.asker == connection.holding && replays.hasEnded(replay)
      return replays.isMine(replay) || isLeft
    case nil: return false
    }
  }

  // MARK: What others have changed

  /// What others have made of destinations is known when this returns; while the server is away, what was known before. Only the first one who
  /// asks then waits for it.
  func catchUpIfReachable() {
    guard connection.loss == nil, !isAway, ContinuousClock.now >= nextCatchUp else { return }
    let began = ContinuousClock.now
    defer { nextCatchUp = .now.advanced(by: min(.seconds(10), began.duration(to: .now) * 20)) }
    do throws(StoreError) {
      try catchUp()
    } catch {
      isAway = true
    }
  }

  /// The same of destinations and their books, or it fails.
  private func catchUp() throws(StoreError) {
    guard lanes.isShared, live.count > 1 else { return }
    let pauses = session.destinations.known.map { ($0.row, $0.destination.pausedUntil) }
    try session.refresh()
    hasRoom = true
    // A person may have said so at another node. Lanes of others show it, too.
    for (row, before) in pauses where session.destinations[row].pausedUntil != before {
      let destination = session.destinations[row]
      signal.host?.pauseLane(destination.name, until: destination.pausedUntil)
    }
  }

  /// The same, and what others keep of learned tokens.
  func refresh() throws(StoreError) {
    try catchUp()
    isAway = false
    guard let host = signal.tokenHost else { return }
    host.tokensAre(try session.people.learnedTokens(connection))
  }

  /// Whether others may have made room since the last call.
  func takeRoom() -> Bool {
    defer { hasRoom = false }
    return replays.takeEnded() || hasRoom
  }

  // MARK: Jobs

  /// Its lane is to look again.
  func deliveriesMayGo(of destination: String) {
    signal.host?.deliveriesCame(for: [destination], replayed: true)
  }

  /// The destination stays with this node until the job has ended.
  func whileHere<Outcome>(
    _ destination: String, _ completion: @escaping (Outcome) -> Void
  ) -> (Outcome) -> Void {
    departures.jobBegan(destination)
    return { [departures] outcome in
      departures.jobEnded(destination)
      completion(outcome)
    }
  }
}

@available(*, unavailable)
extension Desk: Sendable {}
