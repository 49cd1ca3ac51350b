import RelayCore
import Testing

@testable import RelayStoring

@Suite struct JobQueueTests {
  private class Job: StoreJob {
    let destination: String
    let number: Int
    var stepsLeft: Int

    init(_ destination: String, _ number: Int, steps: Int) {
      self.destination = destination
      self.number = number
      stepsLeft = steps
    }

    func step(_ session: Void) throws(StoreError) -> Bool { true }
    func committed() {}
    func end(_ error: StoreError?) {}
  }

  /// Which job takes each step.
  private func steps(_ jobs: [Job]) -> [String] {
    var queue = JobQueue<Void>()
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

  private final class OtherJob: Job {}

  @Test func aJobThatComesByItselfIsNotBegunWhileOneOfItsKindIsUnderWayForItsDestination() {
    var queue = JobQueue<Void>()
    for job in [
      Job("a", 1, steps: 1), Job("a", 2, steps: 1), Job("b", 1, steps: 1), OtherJob("a", 3, steps: 1),
    ] {
      queue.appendOnce(job)
    }
    let names = queue.all.map { job in "\(job.destination)\((job as! Job).number)" }
    #expect(names == ["a1", "a3", "b1"])
    queue.stepped(isDone: true)
    queue.appendOnce(Job("a", 4, steps: 1))
    #expect(queue.all.count == 3, "the first is done")
  }

  @Test func anEmptyQueueHasNoNext() {
    #expect(JobQueue<Void>().next == nil)
    #expect(JobQueue<Void>().isEmpty)
  }
}
