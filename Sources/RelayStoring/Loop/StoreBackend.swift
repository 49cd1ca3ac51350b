import RelayCore

/// What a kind of store does on its thread: `StoreLoop` says when, and who is told. Confined to that thread.
///
/// What is asked of it can fail alone: whoever asked is told, and all else goes on.
package protocol StoreBackend: AnyObject {
  /// What the steps of its jobs are made on.
  associatedtype Session

  /// How it commits.
  var committer: any BatchCommitter { get }
  /// Why nothing is written or answered any more; nil: it is. It lasts.
  var loss: StoreError? { get }

  // MARK: In memory, at once

  func giveBack(_ deliveries: [DeliveryID])
  /// From the claims on that are asked after it.
  func hold(_ destinations: [String])
  func resume(_ destinations: [String])

  // MARK: What is read

  /// - Returns: With a job that the claim has found to be necessary, if there is one.
  func claim(_ request: ClaimRequest) throws(StoreError) -> (claim: Claim, job: (any StoreJob<Session>)?)
  func destinations() throws(StoreError) -> [StoredDestination]
  func usage() throws(StoreError) -> StoreUsage
  func learnedTokens() throws(StoreError) -> [String: LearnedToken]

  // MARK: Jobs

  /// - Returns: nil: it is done otherwise, or was refused.
  func job(for wish: StoreOperation.Job) -> (any StoreJob<Session>)?
  /// One step, in a transaction of its own.
  ///
  /// - Returns: Whether it was the last.
  func step(_ job: any StoreJob<Session>) throws(StoreError) -> Bool

  // MARK: By itself

  /// There is more to do at once.
  var hasMore: Bool { get }
  /// When there is something to do without a cause; nil: not by time.
  var nextDue: Timestamp? { get }
  /// A short step of what it does by itself, if something is due.
  ///
  /// - Parameter whileOthersWait: Something else is to be done on the thread.
  func tend(whileOthersWait: Bool)
  /// Jobs that it has come to, each given once.
  func takeJobs() -> [any StoreJob<Session>]
  /// Whether others have made room since the last call: what replays queue may be tried again.
  func takeRoom() -> Bool
  /// How it is.
  ///
  /// - Parameters:
  ///   - failure: Why the last batch could not be committed.
  ///   - holdsSettlements: Outcomes wait until it can.
  func condition(failure: StoreError?, holdsSettlements: Bool) -> StoreCondition
  /// A sign of life, where nothing else is written: the next run says since when this one was gone.
  func markLife(at now: Timestamp)

  // MARK: The end

  /// What it does by itself ends now; one more batch is committed.
  func cutOff()
  /// The last thing that is written: the next run goes on from there.
  func keepClock()
}

extension StoreBackend {
  /// One that nobody shares has none but those it is asked for.
  package func takeJobs() -> [any StoreJob<Session>] { [] }
  package func takeRoom() -> Bool { false }
}
