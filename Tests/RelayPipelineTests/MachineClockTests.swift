import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// The machine's steady clock, made of clocks that a test moves.
@Suite struct MachineClockTests {
  fileprivate struct Machine: Sendable {
    var sinceBoot: Int64 = 1_000_000_000
    var wall = Timestamp.second(0).microseconds
    /// What passes after each of the next readings.
    var delays: [Int64] = []
    var steps: [ClockStep] = []
  }

  private let machine = Locked(Machine())

  private func clock(boot: String? = "a") -> MachineClock {
    MachineClock(
      boot: boot, sinceBoot: { [machine] in machine.withLock { $0.read(\.sinceBoot) } },
      wall: { [machine] in machine.withLock { $0.read(\.wall) } },
      stepped: { [machine] step, _ in machine.withLock { $0.steps.append(step) } })
  }

  private func pass(_ seconds: Int64) {
    machine.withLock { machine in
      machine.sinceBoot += seconds * 1_000_000
      machine.wall += seconds * 1_000_000
    }
  }

  private func setWall(by seconds: Int64) { machine.withLock { $0.wall += seconds * 1_000_000 } }

  private var steps: [ClockStep] { machine.withLock { $0.steps } }

  @Test func noStepOfTheWallClockMovesItAndEachIsToldOnce() {
    let clock = clock()
    #expect(clock.now() == .second(0))
    for (step, sum) in [(-3_600, -3_600), (90_000, 86_400)] as [(Int64, Int)] {
      let before = clock.now()
      pass(10)
      setWall(by: step)
      #expect(before.duration(to: clock.now()) == .seconds(10))
      for _ in 0..<3 { #expect(clock.reading().offset == .seconds(sum)) }
    }
    #expect(steps.map(\.by) == [.seconds(-3_600), .seconds(90_000)])
    #expect(clock.history.wall(at: .second(5)) == .second(5))
    #expect(clock.history.wall(at: .second(15)) == .second(15 - 3_600))
  }

  @Test func aThreadThatStoodStillBetweenTwoReadingsHasSeenNoStep() {
    let clock = clock()
    for stops in 0..<8 {
      machine.withLock { $0.delays = Array(repeating: 700_000, count: stops) }
      _ = clock.reading()
    }
    #expect(steps.isEmpty)
  }

  @Test func itGoesOnFromWhatWasKept() {
    let kept = clock().kept()
    pass(50)
    setWall(by: -1_000)
    let next = clock()
    next.resume(from: kept)
    #expect(next.now() == .second(50))
    #expect(next.reading().wall == .second(-950))
    #expect(steps == [ClockStep(by: .seconds(-1_000), wall: .second(-950), moment: .stopped)])
    // One that nothing was kept for is new.
    let other = clock()
    other.resume(from: nil)
    #expect(other.now() == .second(-950))
  }

  @Test func theRealOneRunsOnAndKnowsTheMachinesRun() throws {
    let clock = MachineClock { _, _ in }
    let (first, second) = (clock.reading(), clock.reading())
    #expect(first.steady <= second.steady)
    #expect(abs(first.offset.microseconds) < 500_000)
    #expect(try #require(clock.kept().boot).count == 36)
  }
}

extension MachineClockTests.Machine {
  fileprivate mutating func read(_ value: KeyPath<Self, Int64>) -> Int64 {
    defer {
      let delay = delays.isEmpty ? 0 : delays.removeFirst()
      sinceBoot += delay
      wall += delay
    }
    return self[keyPath: value]
  }
}
