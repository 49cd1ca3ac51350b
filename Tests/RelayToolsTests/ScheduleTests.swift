import RelayCore
import RelayThreads
import Testing

@testable import RelayTools

@Suite struct ScheduleTests {
  private func schedule(count: Int?, ratePerSecond: Double = .infinity, openChats: Int = 8)
    -> EnvelopeSchedule
  {
    let factory = EnvelopeFactory(seed: 1, token: "t", scenario: .closingByAgent, openChats: openChats)
    return EnvelopeSchedule(factory: factory, ratePerSecond: ratePerSecond, count: count)
  }

  @Test func timesCountFromTheStartAndDoNotDrift() {
    #expect(EnvelopeSchedule.offset(of: 0, ratePerSecond: 3) == .zero)
    #expect(EnvelopeSchedule.offset(of: 3_000_000, ratePerSecond: 3) == .seconds(1_000_000))
    #expect(EnvelopeSchedule.offset(of: 5, ratePerSecond: .infinity) == .zero)
  }

  @Test func thereAreAsManyAsAskedFor() {
    let schedule = schedule(count: 3)
    #expect((0..<3).map { _ in schedule.next()?.index } == [0, 1, 2])
    #expect(schedule.next() == nil)
  }

  @Test func aChatsNextEnvelopeWaitsForTheAnswerToItsLast() async throws {
    let schedule = schedule(count: nil, openChats: 1)
    let first = try #require(schedule.next())
    let settled = Locked(false)
    let (starts, started) = AsyncStream.makeStream(of: Void.self)
    async let second = onThread {
      started.yield()
      let envelope = schedule.next()
      return (envelope, settled.withLock { $0 })
    }
    for await _ in starts { break }
    settled.withLock { $0 = true }
    schedule.settle(first)
    let (envelope, wasSettled) = await second
    #expect(envelope?.story == first.story)
    #expect(envelope?.step == 1)
    #expect(wasSettled)
  }

  @Test func stoppingWakesWhoeverWaits() async throws {
    let byTime = schedule(count: nil, ratePerSecond: 0.000_1)
    let byOrder = schedule(count: nil, openChats: 1)
    #expect(byTime.next() != nil)
    #expect(byOrder.next() != nil)
    async let timed = onThread { byTime.next() }
    async let ordered = onThread { byOrder.next() }
    byTime.stop()
    byOrder.stop()
    let results = await [timed, ordered]
    #expect(results == [nil, nil])
  }
}
