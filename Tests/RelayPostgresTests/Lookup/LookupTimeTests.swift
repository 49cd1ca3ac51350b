import Testing

@testable import RelayPostgres

struct LookupTimeTests {
  @Test func itBeginsWithTheFirstLookHoweverLateThatIs() {
    let made = ContinuousClock.now
    var time = LookupTime(.milliseconds(20))
    let first = made.advanced(by: .seconds(60))
    let looks = [0, 19, 20].map { time.isOver(at: first.advanced(by: .milliseconds($0))) }
    #expect(looks == [false, false, true])
  }

  @Test func withoutAnyTimeOnlyTheFirstLookIsTaken() {
    let now = ContinuousClock.now
    var time = LookupTime(.zero)
    let looks = [time.isOver(at: now), time.isOver(at: now)]
    #expect(looks == [false, true])
  }
}
