import RelayCore

/// What is asked of replays.
enum ReplayCall: Sendable {
  case begin(NewReplay, @Sendable (Result<Replay, StoreError>) -> Void)
  case queue(ReplayStep, @Sendable (Result<Replay, StoreError>) -> Void)
  case end(Int, as: ReplayEnd, @Sendable (Result<Replay?, StoreError>) -> Void)

  var urgency: StoreOperation.Urgency {
    switch self {
    case .begin, .end: .urgent
    // What replays send can wait for others.
    case .queue(let step, _): .deferrable(outcomes: step.entries.count)
    }
  }

  func refuse(_ error: StoreError) {
    switch self {
    case .begin(_, let completion), .queue(_, let completion): completion(.failure(error))
    case .end(_, as: _, let completion): completion(.failure(error))
    }
  }
}

/// The calls that are to be written, and the steps that wait for room: these are tried again with each transaction, for only
/// what is settled makes room. Confined to the store's thread.
struct ReplayCalls {
  /// What came of a call.
  struct Answer {
    fileprivate let place: Int
    /// - Parameter _: Why nobody knows whether that is kept; nil: it is.
    let give: (StoreError?) -> Void
  }

  private var waiting: [ReplayCall] = []
  private var new: [ReplayCall] = []

  /// Nothing has been asked that was not tried.
  var isEmpty: Bool { new.isEmpty }
  var hasCalls: Bool { !(new.isEmpty && waiting.isEmpty) }
  /// What waits is to be tried again, also if nothing else is written.
  private(set) var mayHaveRoom = false

  mutating func roomMayHaveCome() { mayHaveRoom = !waiting.isEmpty }

  mutating func add(_ call: ReplayCall) { new.append(call) }

  /// Within a transaction.
  ///
  /// - Parameter refusal: Why nothing is taken that needs room on the disk; nil: it is.
  /// - Returns: What is to be told once that is on disk. What is in none of them goes on waiting.
  func write(
    _ replays: ReplayQueuer, refusal: StoreError?, _ now: Timestamp
  ) throws(StoreError) -> [Answer] {
    var answers: [Answer] = []
    let calls = waiting + new
    // Ends come first: a step of what has ended queues nothing.
    for isEnd in [true, false] {
      for (place, call) in calls.enumerated() where call.isEnd == isEnd {
        guard let give = try write(call, replays, refusal, now) else { continue }
        answers.append(Answer(place: place, give: give))
      }
    }
    return answers
  }

  private func write(
    _ call: ReplayCall, _ replays: ReplayQueuer, _ refusal: StoreError?, _ now: Timestamp
  ) throws(StoreError) -> ((StoreError?) -> Void)? {
    switch call {
    case .end(let id, as: let end, let completion):
      let replay = try replays.end(id, as: end, now: now)
      return { completion($0.map { .failure($0) } ?? .success(replay)) }
    case .begin(let new, let completion):
      if let refusal { return { _ in completion(.failure(refusal)) } }
      let replay = try replays.begin(new)
      return { completion($0.map { .failure($0) } ?? .success(replay)) }
    case .queue(let step, let completion):
      if let refusal { return { _ in completion(.failure(refusal)) } }
      switch try replays.queue(step, now: now) {
      case .queued(let replay), .over(let replay):
        return { completion($0.map { .failure($0) } ?? .success(replay)) }
      case .refused(let error): return { _ in completion(.failure(error)) }
      case .lacksRoom: return nil
      }
    }
  }

  /// That is on disk.
  mutating func written(_ answers: [Answer]) {
    mayHaveRoom = false
    guard !new.isEmpty || !answers.isEmpty else { return }
    let answered = Set(answers.map(\.place))
    waiting = (waiting + new).enumerated().filter { !answered.contains($0.offset) }.map(\.element)
    new.removeAll(keepingCapacity: true)
  }

  /// The transaction has failed: what waits for room goes on waiting.
  mutating func refuseNew(_ error: StoreError) {
    for call in new { call.refuse(error) }
    new.removeAll()
  }

  mutating func refuseAll(_ error: StoreError) {
    for call in waiting + new { call.refuse(error) }
    (waiting, new) = ([], [])
  }
}

@available(*, unavailable)
extension ReplayCalls: Sendable {}

extension ReplayCall {
  fileprivate var isEnd: Bool {
    switch self {
    case .end: true
    case .begin, .queue: false
    }
  }
}
