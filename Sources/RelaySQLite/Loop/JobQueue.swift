import RelayCore

/// Work that takes many short transactions, between which everything else goes on. Confined to the store's thread.
protocol StoreJob: AnyObject {
  /// The destination's name: jobs of one are done one after another, those of several in turns.
  var destination: String { get }
  /// One short step, within a transaction.
  ///
  /// - Returns: Whether it was the last.
  func step(_ session: StoreSession) throws(StoreError) -> Bool
  /// What the step did is on disk.
  func committed()
  /// - Parameter error: nil: it is done.
  func end(_ error: StoreError?)
}

/// How many deliveries a step looks at: a few milliseconds.
let deliveriesPerStep = 500

/// Jobs that take turns: those of one destination one after another, those of several step by step, so that a long
/// one keeps no other destination waiting. Confined to the store's thread.
struct JobQueue {
  /// By destination; those of one in the order of the calls.
  private var jobs: [String: [any StoreJob]] = [:]
  /// The destinations that have jobs, the next one first.
  private var turns: [String] = []

  var isEmpty: Bool { turns.isEmpty }

  /// The job whose step is next.
  var next: (any StoreJob)? { turns.first.flatMap { jobs[$0]?.first } }

  /// All of them, for ending them.
  var all: [any StoreJob] { turns.flatMap { jobs[$0] ?? [] } }

  mutating func append(_ job: any StoreJob) {
    if jobs[job.destination] == nil { turns.append(job.destination) }
    jobs[job.destination, default: []].append(job)
  }

  /// The next job has taken a step: it is another destination's turn.
  mutating func stepped(isDone: Bool) {
    let destination = turns.removeFirst()
    if isDone { jobs[destination]!.removeFirst() }
    if jobs[destination]!.isEmpty { jobs[destination] = nil } else { turns.append(destination) }
  }
}

@available(*, unavailable)
extension JobQueue: Sendable {}

/// Brings a destination's retries within what their times are believed up to: those that lie beyond were made by a clock that
/// was wrong, or by another policy. There may be as many as the destination has deliveries.
final class BringInJob: StoreJob {
  let destination: String
  private let latest: Timestamp

  init(_ destination: String, to latest: Timestamp) {
    self.destination = destination
    self.latest = latest
  }

  func step(_ session: StoreSession) throws(StoreError) -> Bool {
    guard let row = session.names.destinations.row(of: destination) else { return true }
    let count = try session.claims.bringIn(row, to: latest, limit: deliveriesPerStep)
    return count < deliveriesPerStep
  }

  func committed() {}

  /// If it has failed, the next claim that finds one begins another.
  func end(_ error: StoreError?) {}
}

@available(*, unavailable)
extension BringInJob: Sendable {}
