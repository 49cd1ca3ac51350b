/// Jobs that take turns: those of one destination one after another, those of several step by step, so that a long
/// one keeps no other destination waiting. Confined to the store's thread.
struct JobQueue {
  /// Of each destination in the order of the calls.
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
