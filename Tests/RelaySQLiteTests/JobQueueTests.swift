import RelayCore
import Testing

@testable import RelaySQLite

@Suite struct JobQueueTests {
  private final class Job: StoreJob {
    let destination: String
    let number: Int
    var stepsLeft: Int

    init(_ destination: String, _ number: Int, steps: Int) {
      self.destination = destination
      self.number = number
      stepsLeft = steps
    }

    func step(_ session: StoreSession) throws(StoreError) -> Bool { true }
    func committed() {}
    func end(_ error: StoreError?) {}
  }

  /// Which job takes each step.
  private func steps(_ jobs: [Job]) -> [String] {
    var queue = JobQueue()
    for job in jobs { queue.append(job) }
    var taken: [String] = []
    while let job = queue.next as? Job {
      taken.append("\(job.destination)\(job.number)")
      job.stepsLeft -= 1
      queue.stepped(isDone: job.stepsLeft == 0)
    }
    return taken
  }

  @Test func aLongJobKeepsNoOtherDestinationWaiting() {
    let order = steps([Job("a", 1, steps: 4), Job("b", 1, steps: 1), Job("c", 1, steps: 2)])
    #expect(order == ["a1", "b1", "c1", "a1", "c1", "a1", "a1"])
  }

  @Test func jobsOfOneDestinationComeOneAfterAnother() {
    let order = steps([
      Job("a", 1, steps: 2), Job("a", 2, steps: 1), Job("b", 1, steps: 1), Job("a", 3, steps: 1),
    ])
    #expect(order == ["a1", "b1", "a1", "a2", "a3"])
  }

  @Test func anEmptyQueueHasNoNext() {
    #expect(JobQueue().next == nil)
    #expect(JobQueue().isEmpty)
  }
}
