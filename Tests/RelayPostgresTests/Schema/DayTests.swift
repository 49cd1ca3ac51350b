import RelayCore
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct DayTests {
  /// Of a time in seconds.
  private func name(_ seconds: Int64) -> String { Day(of: Timestamp(microseconds: seconds * 1_000_000)).name }

  @Test func tablesAreCalledByTheDate() {
    #expect(name(0) == "19700101")
    #expect(name(86_399) == "19700101")
    #expect(name(951_782_400) == "20000229")
    #expect(name(1_709_164_800) == "20240229")
    #expect(name(1_709_251_200) == "20240301")
    #expect(name(1_796_083_199) == "20261130")
    #expect(name(1_796_083_200) == "20261201")
    #expect(name(4_107_542_400) == "21000301")
  }

  @Test func aNameIsOfOneDay() {
    for number: Int64 in [0, 58, 59, 60, 11_016, 20_787, 20_788, 47_541, 3_257_812] {
      #expect(Day(name: Day(number: number).name) == Day(number: number))
    }
    for name in ["20260231", "20261301", "2026113", "2026113x", "", "envelope"] {
      #expect(Day(name: name) == nil)
    }
  }

  @Test func aStatementsNameEndsWithItsDay() {
    #expect(Day(ofStatement: "insert_events_20261130") == Day(name: "20261130"))
    for name in ["insert_events", "settle", "keyed_since_20261130_", "a_2026113"] {
      #expect(Day(ofStatement: name) == nil)
    }
  }

  @Test func idsSayTheirDay() {
    let day = Day(of: Timestamp(microseconds: 1_796_083_200_000_000))
    let last = EventID(high: UInt64(1_796_083_199_999) << 16 | 0x7FFF, low: .max)
    #expect(Day(of: last) == day.advanced(by: -1))
    #expect(Day(of: EventID(high: UInt64(1_796_083_200_000) << 16, low: 0)) == day)
    #expect(day.firstEvent == "01a22ee6-b000-0000-0000-000000000000")
    #expect(Day(of: DeliveryID(rawValue: day.firstNumber)) == day)
    #expect(Day(of: DeliveryID(rawValue: day.firstNumber - 1)) == day.advanced(by: -1))
    #expect(Day(tick: day.firstNumber >> CommitBase.slotBits) == day)
  }

  /// There was no store before. Broken by an epoch that is not the beginning of a day.
  @Test func numbersBeginIn2026AndEndIn2097() {
    let first = Day(name: "20260101")
    #expect(first.map(\.firstNumber) == 0)
    #expect(Day(of: DeliveryID(rawValue: 0)) == first)
    #expect(Day(of: DeliveryID(rawValue: -1)) == first?.advanced(by: -1))
    #expect(Day(of: DeliveryID(rawValue: .max)).name == "20970510")
    #expect(Day(name: "20970509")?.isBeyondNumbers == false)
    #expect(Day(name: "20970510")?.isBeyondNumbers == true)
  }

  @Test func theLastDayThatAnIDCanHaveHasAnEnd() {
    let last = Day(of: EventID(high: .max, low: .max))
    #expect(last.name.count == 9)
    #expect(last.firstEvent < last.advanced(by: 1).firstEvent)
    #expect(last.advanced(by: 1).firstEvent == "ffffffff-ffff-ffff-ffff-ffffffffffff")
    #expect(last.firstNumber == .max)
    #expect(last.isBeyondNumbers)
    #expect(!Day(number: 46_000).isBeyondNumbers)
  }
}
