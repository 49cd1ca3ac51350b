import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// One of several nodes over one database: a store, and who stands in for its lanes.
final class SharedNode: LaneHost, ReplayHost, TokenHost {
  private struct State {
    var lanes: Set<String> = []
    var held: Set<String> = []
    var told: [String: Int] = [:]
    var came: [StoredDestination] = []
    var pauses: [String: Timestamp?] = [:]
    /// How often each is quiet for a change.
    var quiet: [String: Int] = [:]
    var retried: Set<String> = []
    /// Its lanes do not come to rest.
    var isBusy = false
    var waiting: [@Sendable () -> Void] = []
    var retryAfterEnds: [String: Timestamp] = [:]
    var replays: [Replay] = []
    var tokens: [String: LearnedToken] = [:]
  }

  let name: String
  let store: PostgresStore
  let way: TurnCounter
  let handed: HandedOut
  private let state = Monitor(State())

  init(_ name: String, _ store: PostgresStore, _ way: TurnCounter, _ handed: HandedOut) {
    self.name = name
    self.store = store
    self.way = way
    self.handed = handed
  }

  // MARK: Lanes

  func holdLanes(_ destinations: [String]) { state.update { $0.held.formUnion(destinations) } }

  func resumeLanes(_ destinations: [String]) { state.update { $0.held.subtract(destinations) } }

  func lanesWent(_ destinations: [String]) {
    state.update {
      $0.lanes.subtract(destinations)
      $0.held.subtract(destinations)
    }
  }

  func lanesCame(_ stored: [StoredDestination]) {
    state.update {
      $0.lanes.formUnion(stored.map(\.name))
      $0.came += stored
    }
  }

  func deliveriesCame(for destinations: [String], replayed: Bool) {
    state.update { for name in destinations { $0.told[name, default: 0] += 1 } }
  }

  func pauseLane(_ destination: String, until: Timestamp?) {
    state.update { $0.pauses[destination] = .some(until) }
  }

  func quieten(_ destination: String, isQuiet: @escaping @Sendable () -> Void) {
    let isBusy = state.update { state in
      state.quiet[destination, default: 0] += 1
      if state.isBusy { state.waiting.append(isQuiet) }
      return state.isBusy
    }
    if !isBusy { isQuiet() }
  }

  func changed(_ destination: String, areRetried: Bool) {
    state.update { state in
      let rest = (state.quiet[destination] ?? 0) - 1
      state.quiet[destination] = rest > 0 ? rest : nil
      if areRetried { state.retried.insert(destination) }
    }
  }

  func endRetryAfter(of destination: String, wasHeld: @escaping @Sendable (_ until: Timestamp?) -> Void) {
    wasHeld(state.update { $0.retryAfterEnds.removeValue(forKey: destination) })
  }

  func replaysCame(_ replays: [Replay]) { state.update { $0.replays += replays } }

  /// Waits until it is to walk along this one.
  func walksAlong(_ replay: Int) -> Bool {
    wait("\(name) walks along replay \(replay)") { $0.replays.contains { $0.id == replay } }
  }

  func tokensAre(_ learned: [String: LearnedToken]) { state.update { $0.tokens = learned } }

  /// Waits until it knows this one; nil: none.
  func knows(_ token: LearnedToken?, of source: String) -> Bool {
    wait("\(name) knows the token of \(source)") { $0.tokens[source] == token }
  }

  var replays: [Replay] { state.update { $0.replays } }

  /// Its lanes do not come to rest from now on.
  func keepBusy() { state.update { $0.isBusy = true } }

  /// Those that did not have come to rest.
  func calmDown() {
    let waiting = state.update { state in
      defer { (state.isBusy, state.waiting) = (false, []) }
      return state.waiting
    }
    for isQuiet in waiting { isQuiet() }
  }

  /// The destination has asked to be left alone.
  func leaveAlone(_ destination: String, until time: Timestamp) {
    state.update { $0.retryAfterEnds[destination] = time }
  }

  /// Waits until a change waits for a lane to come to rest.
  func isToBeQuiet(_ destination: String) -> Bool {
    wait("\(name) is to let \(destination) come to rest") { $0.quiet[destination] != nil }
  }

  /// Waits until no change waits for a lane, or is made.
  func goesOn() -> Bool { wait("\(name) goes on with its lanes") { $0.quiet.isEmpty } }

  /// nil: it was told of none.
  func pause(of destination: String) -> Timestamp?? { state.update { $0.pauses[destination] } }

  var retried: Set<String> { state.update { $0.retried } }

  var lanes: Set<String> { state.update { $0.lanes } }
  var held: Set<String> { state.update { $0.held } }
  var came: [StoredDestination] { state.update { $0.came } }

  /// Waits until it serves these, and no others.
  func serves(_ destinations: Set<String>) -> Bool {
    wait("\(name) serves \(destinations)") { $0.lanes == destinations }
  }

  func isAskedFor(_ destination: String) -> Bool {
    wait("\(name) is to give \(destination) away") { $0.held.contains(destination) }
  }

  /// Waits until nothing is to be given away.
  func keepsAll() -> Bool { wait("\(name) keeps what it has") { $0.held.isEmpty } }

  func isPaused(_ destination: String, until: Timestamp?) -> Bool {
    wait("\(name) knows of a pause") { $0.pauses[destination] == .some(until) }
  }

  private func wait(_ what: String, until isSo: @escaping (State) -> Bool) -> Bool {
    let found = state.wait(timeout: .seconds(120)) { isSo($0) ? true : nil } ?? false
    if !found {
      Issue.record("waited in vain until \(what); it serves \(lanes), and is to give away \(held)")
    }
    return found
  }

  // MARK: Deliveries

  /// Stores an envelope; what is handed out with that is this node's.
  func store(_ envelope: NewEnvelope) async throws {
    let promise = Promise<Result<AppendOutcome, StoreError>>("the answer to an append")
    store.append(envelope, late: { [handed, name] in handed.gave($0, to: name) }) { [handed, name] result in
      if case .success(let outcome) = result { handed.gave(outcome.claimed, to: name) }
      promise.keep(result)
    }
    _ = try await promise.value.get()
  }

  /// Claims what there is for a destination.
  @discardableResult
  func claim(_ destination: String, limit: Int = 100, now: Timestamp = .distantFuture) async -> Int {
    var count = 0
    for kind in ClaimRequest.Kind.allCases {
      let promise = Promise<Int>("a claim", otherwise: 0)
      let request = ClaimRequest(
        destination: destination, kind: kind, now: now, limit: limit, byteLimit: .max)
      store.claim(request) { [handed, name] claim in
        handed.gave(claim.deliveries, to: name)
        promise.keep(claim.deliveries.count)
      }
      count += await promise.value
    }
    return count
  }

  /// Claims until so many are there.
  func claim(_ destination: String, until count: Int) async throws {
    let deadline = Deadline(after: .seconds(120))
    var found = 0
    while found < count {
      found += await claim(destination)
      try #require(!deadline.isOver, "\(name) has found \(found) of \(count) deliveries to \(destination)")
    }
    #expect(found == count)
  }

  /// Settles what this node has.
  @discardableResult
  func deliverAll(to destination: String? = nil, atMost limit: Int = .max) async -> Int {
    let taken = handed.take(from: name, atMost: limit) { destination == nil || $0.destination == destination }
    guard !taken.isEmpty else { return 0 }
    handed.ended(taken)
    await settle(taken.map { $0.settled(.delivered) })
    return taken.count
  }

  func settle(_ settlements: [Settlement]) async {
    let promise = Promise<Void>("the answer to settlements")
    store.settle(settlements, isUrgent: true) { [handed, name] turns in
      handed.gave(turns, to: name)
      promise.keep(())
    }
    await promise.value
  }
}
