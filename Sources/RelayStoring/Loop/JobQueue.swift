import RelayCore

/// Jobs that take turns: those of one destination one after another, those of several step by step, so that a long
/// one keeps no other destination waiting. Confined to the store's thread.
struct JobQueue<Session> {
  /// By destination; those of one in the order of the calls.
  private var jobs: [String: [any StoreJob<Session>]] = [:]
  /// The destinations that have jobs, the next one first.
  private var turns: [String] = []

  var isEmpty: Bool { turns.isEmpty }

  /// The job whose step is next.
  var next: (any StoreJob<Session>)? { turns.first.flatMap { jobs[$0]?.first } }

  /// All of them, for ending them.
  var all: [any StoreJob<Session>] { turns.flatMap { jobs[$0] ?? [] } }

  mutating func append(_ job: any StoreJob<Session>) {
    if jobs[job.destination] == nil { turns.append(job.destination) }
    jobs[job.destination, default: []].append(job)
  }

  /// The same, unless one of its kind is under way for its destination.
  mutating func appendOnce(_ job: any StoreJob<Session>) {
    let isUnderWay = jobs[job.destination]?.contains { type(of: $0) == type(of: job) } ?? false
    if !isUnderWay { append(job) }
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
