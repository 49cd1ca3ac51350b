import RelayCore

/// The calls that are to be written, and the steps that wait for room: these are tried again with each transaction, for only
/// what is settled makes room. Confined to the store's thread.
struct ReplayCalls {
  /// What came of a call.
  struct Answer {
    /// Of the call that it answers; nil: the call goes on waiting, and this tells only how far it has come.
    fileprivate let place: Int?
    /// - Parameter _: Why nobody knows whether that is kept; nil: it is.
    let give: (StoreError?) -> Void
  }

  /// What a transaction has come to.
  struct Written {
    /// All that was tried; of steps that were cut what is left.
    fileprivate var calls: [ReplayCall]
    /// What is to be told. What is in none of them goes on waiting.
    fileprivate(set) var answers: [Answer] = []
    /// How many deliveries were queued.
    fileprivate(set) var queued = 0
    fileprivate var left = 0

    init() { calls = [] }

    fileprivate init(calls: [ReplayCall]) { self.calls = calls }
  }

  private var waiting: [ReplayCall] = []
  private var new: [ReplayCall] = []
  /// How many deliveries are left of steps that were cut: the next commits queue them.
  private(set) var left = 0

  /// Nothing has been asked that was not tried.
  var isEmpty: Bool { new.isEmpty }
  var hasCalls: Bool { !(new.isEmpty && waiting.isEmpty) }
  /// What waits is to be tried again, also if nothing else is written.
  private(set) var mayHaveRoom = false

  mutating func roomMayHaveCome() { mayHaveRoom = !waiting.isEmpty }

  mutating func add(_ call: ReplayCall) { new.append(call) }

  /// Within a transaction.
  ///
  /// - Parameters:
  ///   - refusal: Why nothing is taken that needs room; nil: it is.
  ///   - limit: About how many deliveries are queued at most: steps are cut; nil: all.
  /// - Returns: What it has come to, for `written` once that is kept.
  func write(
    _ replays: any ReplayQueuing, refusal: StoreError?, atMost limit: Int?, _ now: Timestamp
  ) throws(StoreError) -> Written {
    var written = Written(calls: waiting + new)
    // Ends come first: a step of what has ended queues nothing.
    for isEnd in [true, false] {
      for (place, call) in written.calls.enumerated() where call.isEnd == isEnd {
        let give: ((StoreError?) -> Void)?
        switch call {
        case .queue(let step, let progress, let completion):
          give = try queue(
            step, at: place, progress, completion, replays, refusal, atMost: limit, now, &written)
        case .begin(let new, let completion): give = try begin(new, completion, replays, refusal)
        case .end(let id, as: let end, let completion):
          let replay = try replays.end(id, as: end, now: now)
          give = { completion($0.map { .failure($0) } ?? .success(replay)) }
        case .amend(let id, let plan, let reason, let completion):
          try replays.amend(id, plan: plan, reason: reason)
          give = { completion($0.map { .failure($0) } ?? .success(())) }
        }
        if let give { written.answers.append(Answer(place: place, give: give)) }
      }
    }
    return written
  }

  private func begin(
    _ new: NewReplay, _ completion: @escaping (Result<Replay, StoreError>) -> Void,
    _ replays: any ReplayQueuing,
    _ refusal: StoreError?
  ) throws(StoreError) -> (StoreError?) -> Void {
    if let refusal { return { _ in completion(.failure(refusal)) } }
    let replay = try replays.begin(new)
    return { completion($0.map { .failure($0) } ?? .success(replay)) }
  }

  /// What of the step the limit leaves to a later transaction goes on waiting in its place.
  ///
  /// - Returns: Its answer; nil: it goes on waiting.
  private func queue(
    _ step: ReplayStep, at place: Int, _ progress: @escaping @Sendable (Replay) -> Void,
    _ completion: @escaping @Sendable (Result<Replay, StoreError>) -> Void, _ replays: any ReplayQueuing,
    _ refusal: StoreError?, atMost limit: Int?, _ now: Timestamp,
    _ written: inout Written
  ) throws(StoreError) -> ((StoreError?) -> Void)? {
    if let refusal {
      // Whoever asked would ask for the whole step again, a part of which is queued: the rest waits here until there is room.
      return step.isRest ? nil : { _ in completion(.failure(refusal)) }
    }
    let room = limit.map { $0 - written.queued }
    if let room, room <= 0 {
      written.left += step.deliveries
      return nil
    }
    var piece = step
    let rest = room.flatMap { piece.cut(after: $0) }
    switch try replays.queue(piece, now: now) {
    case .queued(let replay):
      written.queued += piece.deliveries
      if let rest {
        written.calls[place] = .queue(rest, progress: progress, completion)
        written.answers.append(Answer(place: nil) { if $0 == nil { progress(replay) } })
        written.left += rest.deliveries
        return nil
      }
      return { completion($0.map { .failure($0) } ?? .success(replay)) }
    case .over(let replay): return { completion($0.map { .failure($0) } ?? .success(replay)) }
    case .refused(let error): return { _ in completion(.failure(error)) }
    case .lacksRoom: return nil
    }
  }

  /// Whether it has come of all these calls.
  func haveBeenTried(_ written: Written) -> Bool { written.calls.count == waiting.count + new.count }

  /// That is kept.
  mutating func written(_ written: Written) {
    (mayHaveRoom, left) = (false, written.left)
    guard hasCalls else { return }
    let answered = Set(written.answers.compactMap(\.place))
    waiting = written.calls.enumerated().filter { !answered.contains($0.offset) }.map(\.element)
    new.removeAll(keepingCapacity: true)
  }

  /// The transaction has failed: what waits for room goes on waiting.
  mutating func refuseNew(_ error: StoreError) {
    for call in new { call.refuse(error) }
    new.removeAll()
  }

  mutating func refuseAll(_ error: StoreError) {
    for call in waiting + new { call.refuse(error) }
    (waiting, new, left) = ([], [], 0)
  }
}

@available(*, unavailable)
extension ReplayCalls: Sendable {}
