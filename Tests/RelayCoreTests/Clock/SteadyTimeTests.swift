import RelayCore
import Testing

/// The steady clock's rules, by machines that are told.
@Suite struct SteadyTimeTests {
  private func machine(_ sinceBoot: Int, wall: Int) -> MachineTime {
    MachineTime(sinceBoot: .seconds(sinceBoot), wall: .tick(Int64(wall)))
  }

  @Test func itBeginsAsTheWallClocksTimeAndNoStepMovesIt() {
    var time = SteadyTime(boot: "a", machine(100, wall: 5_000))
    #expect(time.steady(at: machine(100, wall: 5_000)) == .tick(5_000))
    for (passed, wall) in [(1, 5_001), (2, 95_000), (3, 0), (4, 5_004)] {
      _ = time.look(machine(100 + passed, wall: wall))
      #expect(time.steady(at: machine(100 + passed, wall: wall)) == .tick(5_000 + Int64(passed)))
    }
  }

  @Test func aStepIsToldOnceAndByHowMuch() {
    var time = SteadyTime(boot: "a", machine(100, wall: 5_000))
    #expect(time.look(machine(110, wall: 5_010)) == nil)
    #expect(
      time.look(machine(120, wall: 8_620))
        == ClockStep(by: .seconds(3_600), wall: .tick(8_620), moment: .running))
    #expect(time.look(machine(130, wall: 8_630)) == nil)
    #expect(
      time.look(machine(140, wall: 5_040))
        == ClockStep(by: .seconds(-3_600), wall: .tick(5_040), moment: .running))
  }

  @Test func smallDifferencesAreNoStepUntilTheyAddUp() {
    var time = SteadyTime(boot: "a", machine(0, wall: 0))
    func drifted(_ milliseconds: Int64) -> MachineTime {
      MachineTime(sinceBoot: .seconds(10), wall: .millisecond(10_000 + milliseconds))
    }
    #expect(time.look(drifted(499)) == nil)
    #expect(time.look(drifted(-499)) == nil)
    #expect(time.look(drifted(500))?.by == .milliseconds(500))
    #expect(time.look(drifted(900)) == nil)
    // A leap second.
    #expect(time.look(drifted(-500))?.by == .seconds(-1))
  }

  @Test func inTheSameRunOfTheMachineWhatHasPassedCounts() {
    let kept = SteadyTime(boot: "a", machine(100, wall: 5_000)).kept(machine(150, wall: 5_050))
    var next = SteadyTime(boot: "a", machine(250, wall: 5_150))
    #expect(next.resume(from: kept, machine(250, wall: 5_150)) == nil)
    #expect(next.steady(at: machine(260, wall: 0)) == .tick(5_160))
  }

  @Test(arguments: [-3_600, 3_600]) func whatTheWallClockWasSetByMeanwhileIsTold(step: Int) {
    let kept = SteadyTime(boot: "a", machine(100, wall: 5_000)).kept(machine(150, wall: 5_050))
    let now = machine(250, wall: 5_150 + step)
    var next = SteadyTime(boot: "a", now)
    #expect(
      next.resume(from: kept, now) == ClockStep(by: .seconds(step), wall: now.wall, moment: .stopped))
    #expect(next.steady(at: now) == .tick(5_150))
    #expect(next.history.wall(at: .tick(5_150)) == now.wall)
  }

  /// Another boot, one that is not known, and a boot clock that went back: the store came from another machine, say.
  @Test(arguments: [("b", 20), (nil, 250), ("a", 149)] as [(String?, Int)])
  func overAnotherRunOfTheMachineNothingHasPassed(boot: String?, sinceBoot: Int) {
    let kept = SteadyTime(boot: "a", machine(100, wall: 5_000)).kept(machine(150, wall: 5_050))
    let now = machine(sinceBoot, wall: 900_000)
    var next = SteadyTime(boot: boot, now)
    // A wall clock that is ahead is what it is after an absence.
    #expect(next.resume(from: kept, now) == nil)
    #expect(next.steady(at: now) == Timestamp.tick(5_050).advanced(by: SteadyTime.keepingInterval))
    #expect(next.history.wall(at: next.steady(at: now)) == now.wall)
  }

  @Test func twoBootsThatAreNotKnownAreNotTheSame() {
    let kept = SteadyTime(boot: nil, machine(100, wall: 5_000)).kept(machine(150, wall: 5_050))
    let now = machine(999, wall: 5_899)
    var next = SteadyTime(boot: nil, now)
    _ = next.resume(from: kept, now)
    #expect(next.steady(at: now) == Timestamp.tick(5_050).advanced(by: SteadyTime.keepingInterval))
  }

  @Test func aWallClockThatShowsLessAfterTheMachineWasOffIsTold() {
    let kept = SteadyTime(boot: "a", machine(100, wall: 5_000)).kept(machine(150, wall: 5_050))
    let now = machine(3, wall: 60)
    var next = SteadyTime(boot: "b", now)
    let step = next.resume(from: kept, now)
    #expect(step?.moment == .off)
    #expect(step.map { $0.by < .zero } == true)
  }

  @Test func whatIsKeptInTheNextRunGoesOnFromTheLast() {
    let first = SteadyTime(boot: "a", machine(0, wall: 1_000)).kept(machine(10, wall: 1_010))
    var second = SteadyTime(boot: "b", machine(1, wall: 9_000))
    _ = second.resume(from: first, machine(1, wall: 9_000))
    let kept = second.kept(machine(101, wall: 9_100))
    #expect(kept.boot == "b" && kept.sinceBoot == .seconds(101))
    #expect(kept.steady == Timestamp.tick(1_110).advanced(by: SteadyTime.keepingInterval))
    #expect(kept.history.steps.count == 2)
  }
}
