import RelayCore
import RelayStoring

/// A change that was asked for at another node. How far it has come is kept with each of its commits, and its end with the last one: where this
/// node ends meanwhile, the next one goes on behind that. Its destination is held by who begins it.
final class RequestJob: StoreJob {
  let destination: String
  private let id: Int64
  private let statements: RequestStatements
  private let clock: any SteadyClock
  private let completion: (Outcome) -> Void
  private var change: ChangeJob?
  private var outcome = Outcome()

  /// How it has ended.
  struct Outcome {
    /// nil: its answer is kept.
    var failure: StoreError?
    /// Some deliveries are pending again.
    var areRetried = false
  }

  /// - Parameter id: The request's.
  init(
    _ id: Int64, of destination: String, _ statements: RequestStatements, clock: any SteadyClock,
    completion: @escaping (Outcome) -> Void
  ) {
    self.id = id
    self.destination = destination
    self.statements = statements
    self.clock = clock
    self.completion = completion
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    if let change {
      let isLast = try change.step(session)
      return isLast || isGivenUp
    }
    // Nobody may wait for it any more.
    guard let taken = try statements.take(id, session.connection) else { return true }
    guard case .change(let verb, let selection)? = taken.request else {
      outcome.failure = .isOfAnotherVersion
      return true
    }
    change = ChangeJob(
      ChangeWish(verb.change(at: clock.now()), selection, of: destination), clock: clock,
      from: taken.progress,
      keep: { [statements, id] progress, isLast, commit in
        statements.keep(progress, of: id, isLast: isLast, in: commit) { self.isGivenUp = true }
      },
      completion: { [verb] made, _ in self.outcome.areRetried = verb == .retry && made.changed > 0 })
    return false
  }

  private var isGivenUp = false

  func committed() { change?.committed() }

  func end(_ error: StoreError?) {
    change?.end(error)
    change = nil
    outcome.failure = error ?? outcome.failure
    completion(outcome)
  }
}

@available(*, unavailable)
extension RequestJob: Sendable {}
