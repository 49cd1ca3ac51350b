import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct ServerClockTests {
  /// Both of our clocks at a time, the wall clock ahead by so much.
  private func reading(_ milliseconds: Int64, wallAhead: Duration = .zero) -> ClockReading {
    let steady = Timestamp.second(0).advanced(by: .milliseconds(milliseconds))
    return ClockReading(steady: steady, wall: steady.advanced(by: wallAhead))
  }

  private func server(_ milliseconds: Int64) -> Timestamp { reading(milliseconds).steady }

  @Test func theOffsetIsKnownToHalfOfTheRoundTrip() {
    var clock = ServerClock()
    #expect(clock.offset == nil && clock.serverTime(at: .second(0)) == nil)
    _ = clock.measure(sent: reading(0), received: reading(10), server: server(1_005))
    #expect(clock.offset == ServerClock.Offset(ahead: .seconds(1), uncertainty: .milliseconds(5)))
    #expect(clock.serverTime(at: .second(7)) == .second(8))
  }

  @Test func theQuickestOfTheLastAnswersCounts() {
    var clock = ServerClock()
    _ = clock.measure(sent: reading(0), received: reading(2), server: server(501))
    _ = clock.measure(sent: reading(1_000), received: reading(1_400), server: server(1_900))
    #expect(clock.offset?.ahead == .milliseconds(500))
    // Eight slower ones later it has been forgotten.
    for round in 2..<10 {
      let sent = Int64(round) * 1_000
      _ = clock.measure(sent: reading(sent), received: reading(sent + 20), server: server(sent + 710))
    }
    #expect(clock.offset == ServerClock.Offset(ahead: .milliseconds(700), uncertainty: .milliseconds(10)))
  }

  @Test func aWallClockThatIsOffIsToldOnceAndOnceWhenItIsRight() {
    var clock = ServerClock()
    func measured(_ at: Int64, wallAhead: Duration) -> ServerClock.Change? {
      let (sent, received) = (reading(at, wallAhead: wallAhead), reading(at + 2, wallAhead: wallAhead))
      return clock.measure(sent: sent, received: received, server: server(at + 1))
    }
    #expect(
      [0, 1_900, 2_500, 2_600, -2_500, 1_000, -3_000].enumerated().map { place, ahead in
        measured(Int64(place) * 1_000, wallAhead: .milliseconds(ahead))
      } == [nil, nil, .off(.milliseconds(2_500)), nil, nil, .right, .off(.milliseconds(-3_000))])
  }

  @Test func aSlowAnswerIsNoWrongClock() {
    var clock = ServerClock()
    // Two and a half seconds ahead, or half a second behind: nobody knows.
    let change = clock.measure(sent: reading(0), received: reading(3_000), server: server(4_000))
    #expect(change == nil)
  }

  @Test func theSteadyClockMayShowAnythingAsLongAsTheWallClockIsRight() {
    var clock = ServerClock()
    let ahead = Duration.seconds(90_000)
    let change = clock.measure(
      sent: reading(0, wallAhead: ahead), received: reading(2, wallAhead: ahead),
      server: server(90_000_001))
    #expect(change == nil)
    #expect(clock.offset?.ahead == ahead)
  }
}
