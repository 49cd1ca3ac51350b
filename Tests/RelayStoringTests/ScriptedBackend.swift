import RelayCore

@testable import RelayStoring

/// Does what the test says, and keeps in which order it was asked. Used on the test's own thread.
final class ScriptedBackend: StoreBackend {
  let commits = ScriptedCommitter()
  /// What a claim has found to be necessary.
  var found: (() -> any StoreJob<ScriptedBackend>)?
  /// Why claims and steps fail.
  var fault: StoreError?
  var loss: StoreError?
  /// Called with each `tend`.
  var tended: () -> Void = {}

  var committer: any BatchCommitter { commits }
  var log: [String] {
    get { commits.log }
    set { commits.log = newValue }
  }

  func giveBack(_ deliveries: [DeliveryID]) { log.append("give back") }
  func hold(_ destinations: [String]) { log.append("hold") }
  func resume(_ destinations: [String]) { log.append("resume") }

  func claim(
    _ request: ClaimRequest
  ) throws(StoreError) -> (claim: Claim, job: (any StoreJob<ScriptedBackend>)?) {
    log.append("claim")
    if let fault { throw fault }
    return (.nothing(for: request), found?())
  }

  func destinations() throws(StoreError) -> [StoredDestination] { [] }
  func usage() throws(StoreError) -> StoreUsage { StoreUsage(liveBytes: 1, logBytes: 2) }
  func learnedTokens() throws(StoreError) -> [String: LearnedToken] { [:] }

  func job(for wish: StoreOperation.Job) -> (any StoreJob<ScriptedBackend>)? {
    guard case .own(let work) = wish, let work = work as? CountedWork else { return nil }
    return CountedJob(work)
  }

  func step(_ job: any StoreJob<ScriptedBackend>) throws(StoreError) -> Bool {
    log.append("step")
    if let fault { throw fault }
    return try job.step(self)
  }

  var hasMore: Bool { false }
  var nextDue: Timestamp? { nil }
  func tend(whileOthersWait isBusy: Bool) {
    log.append(isBusy ? "tend while others wait" : "tend")
    tended()
  }
  func condition(failure: StoreError?, holdsSettlements: Bool) -> StoreCondition {
    StoreCondition(refusal: failure, holdsSettlements: holdsSettlements)
  }
  func markLife(at now: Timestamp) { log.append("mark life") }
  func cutOff() { log.append("cut off") }
  func keepClock() { log.append("keep clock") }
}

/// Work of this store alone: so many steps.
struct CountedWork: OwnWork {
  let steps: Int
  let ended: @Sendable (StoreError?) -> Void

  func refuse(_ error: StoreError) { ended(error) }
}

final class CountedJob: StoreJob {
  let destination = "crm"
  private let work: CountedWork
  private var taken = 0

  init(_ work: CountedWork) {
    self.work = work
  }

  func step(_ session: ScriptedBackend) throws(StoreError) -> Bool {
    taken += 1
    return taken == work.steps
  }

  func committed() {}
  func end(_ error: StoreError?) { work.ended(error) }
}
