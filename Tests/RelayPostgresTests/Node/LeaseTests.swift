import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct LeaseTests {
  private let times = LeaseTimes(
    heartbeat: .seconds(1), startsWithin: .seconds(3), length: .seconds(5), gone: .milliseconds(1_500))

  @Test func nothingStartsBeforeAHeartbeatIsConfirmed() {
    var lease = Lease(times)
    #expect(!lease.mayStart(at: .second(0)))
    let changes = lease.confirm(sentAt: .second(0), now: .second(1))
    #expect(changes == [.held])
    #expect(lease.mayStart(at: .second(1)))
  }

  @Test func startsEndAfterThreeSecondsAndTheLeaseAfterFive() {
    var lease = Lease(times)
    _ = lease.confirm(sentAt: .second(0), now: .second(2))
    let almost = Timestamp.second(3).advanced(by: .microseconds(-1))
    #expect(lease.mayStart(at: almost))
    #expect(!lease.mayStart(at: .second(3)))
    let early = lease.look(at: .second(5).advanced(by: .microseconds(-1)))
    #expect(early == nil)
    let late = lease.look(at: .second(5))
    #expect(late == .lost)
    let again = lease.look(at: .second(6))
    #expect(again == nil)
  }

  @Test func whatPassedWhileTheProcessStoodStillIsNoticedBeforeTheNextConfirmation() {
    var lease = Lease(times)
    _ = lease.confirm(sentAt: .second(0), now: .second(0))
    // Nobody has looked for a minute.
    let changes = lease.confirm(sentAt: .second(60), now: .second(60))
    #expect(changes == [.lost, .held])
  }

  @Test func anAnswerThatIsOlderThanALeaseConfirmsNothing() {
    var lease = Lease(times)
    let changes = lease.confirm(sentAt: .second(0), now: .second(5))
    #expect(changes == [])
    #expect(!lease.mayStart(at: .second(5)))
  }

  @Test func othersAreJudgedOnlyAfterALeaseThatWasHeldWithoutAGap() {
    var lease = Lease(times)
    for second in 0...4 { _ = lease.confirm(sentAt: .second(second), now: .second(second)) }
    #expect(!lease.judgesOthers(at: .second(4)))
    #expect(lease.judgesOthers(at: .second(5)))
    // The server was away for long enough: all others look as if they were over, too.
    _ = lease.confirm(sentAt: .second(20), now: .second(20))
    #expect(!lease.judgesOthers(at: .second(20)))
    _ = lease.confirm(sentAt: .second(24), now: .second(24))
    #expect(lease.judgesOthers(at: .second(25)))
  }

  /// Its others see that its connections are gone, and wait no longer than `gone`.
  @Test func whoHasLostItsConnectionStartsNothingUntilTheNextConfirmationAndKeepsItsLease() {
    var lease = Lease(times)
    _ = lease.confirm(sentAt: .second(0), now: .second(0))
    lease.disconnect()
    #expect(!lease.mayStart(at: .second(0)))
    #expect(lease.remaining(at: .second(1)) == .seconds(4))
    let changes = lease.confirm(sentAt: .second(1), now: .second(1))
    #expect(changes == [])
    #expect(lease.mayStart(at: .second(1)))
  }

  @Test func whoHasLostItsConnectionJudgesNobodyForALease() {
    var lease = Lease(times)
    for second in 0...6 { _ = lease.confirm(sentAt: .second(second), now: .second(second)) }
    #expect(lease.judgesOthers(at: .second(6)))
    lease.disconnect()
    #expect(!lease.judgesOthers(at: .second(6)))
    for second in 7...11 { _ = lease.confirm(sentAt: .second(second), now: .second(second)) }
    #expect(!lease.judgesOthers(at: .second(11)))
    #expect(lease.judgesOthers(at: .second(12)))
  }

  /// The times that others go by fit together.
  @Test func aNodeThatMakesItsConnectionsAgainIsSeenBeforeItCountsAsGone() {
    let times = LeaseTimes.standard
    #expect(times.heartbeat < times.gone)
    #expect(times.gone < .seconds(1) && times.startsWithin < times.length)
  }

  /// All orders of six steps out of eight kinds, against the same rules written as a search through what has happened.
  @Test func theRulesHoldInEveryOrderOfEvents() {
    var count = 0
    var differences: [[LeaseModel.Step]] = []
    func walk(_ lease: Lease, _ model: LeaseModel, _ steps: [LeaseModel.Step]) {
      guard steps.count < 6 else { return }
      for step in LeaseModel.Step.allCases where model.allows(step) {
        var (lease, model) = (lease, model)
        model.take(step, &lease)
        count += 1
        if !model.agrees(with: lease) { differences.append(steps + [step]) }
        walk(lease, model, steps + [step])
      }
    }
    walk(Lease(times), LeaseModel(times), [])
    #expect(differences.first == nil)
    #expect(count > 10_000)
  }
}
