import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What is done at which size. The limit is 1,000 pages here.
struct SizeLimitTests {
  private var limit = SizeLimit()

  init() {
    limit.configure(maxBytes: 1_000 * 4_096)
  }

  /// How many pages are to go; nil: none.
  private mutating func excess() -> Int? { limit.excess().map { $0 / 4_096 } }

  private mutating func measure(_ pages: Int, at second: Int = 0) {
    limit.measured(StoreSize(pages: pages), at: .second(second))
  }

  @Test mutating func itShrinksFromTheUpperMarkToTheLowerOne() {
    measure(919)
    var pages = excess()
    #expect(pages == nil && !limit.isExceeded)
    measure(930)
    #expect(limit.isExceeded)
    pages = excess()
    #expect(pages == 30)
    measure(910)
    var goesOn = limit.hasShrunk(isDone: false)
    #expect(goesOn && limit.isExceeded, "it goes on below the mark where it began")
    measure(899)
    goesOn = limit.hasShrunk(isDone: false)
    #expect(!goesOn && !limit.isExceeded)
    pages = excess()
    #expect(pages == nil)
  }

  @Test mutating func itShrinksNoFurtherThanThereIsWhatMayGo() {
    measure(950)
    _ = excess()
    let goesOn = limit.hasShrunk(isDone: true)
    #expect(!goesOn)
    #expect(limit.isExceeded, "it is tried again: something may go by then")
  }

  @Test mutating func envelopesAreRefusedOnlyOnceNothingMoreMayGoAndTakenAgainALittleBelow() {
    measure(1_000)
    #expect(limit.refusal == nil)
    limit.allIsPruned()
    #expect(limit.refusal?.code == .full)
    #expect(limit.refusal?.message.contains("store.max_size") == true)
    measure(981)
    #expect(limit.refusal != nil)
    measure(979)
    #expect(limit.refusal == nil)
    limit.allIsPruned()
    #expect(limit.refusal == nil, "there is room")
    measure(1_000)
    limit.allIsPruned()
    limit.configure(maxBytes: 2 * limit.maximum)
    #expect(limit.isMeasureDue(.second(0)), "a higher limit is to end it at once")
  }

  @Test mutating func nearTheLimitEachCommitIsMeasuredAndFarFromItOneInTenMilliseconds() {
    #expect(limit.isMeasureDue(.second(0)), "nothing is known")
    measure(700)
    #expect(!limit.isMeasureDue(.second(0).advanced(by: .microseconds(9_999))))
    #expect(limit.isMeasureDue(.second(0).advanced(by: .milliseconds(10))))
    #expect(limit.isMeasureDue(.second(-1)), "the clock went back")
    measure(760)
    #expect(limit.isMeasureDue(.second(0)))
  }

  @Test mutating func whatComesIsMadeUpForOnlyJustBelowTheLimit() {
    measure(959)
    #expect(!limit.isUrgent)
    measure(961)
    #expect(limit.isUrgent)
  }

  @Test mutating func withoutALimitNothingIsTooLarge() {
    var limit = SizeLimit()
    limit.measured(StoreSize(pages: 1 << 40), at: .second(0))
    let excess = limit.excess()
    #expect(excess == nil && !limit.isUrgent && !limit.isExceeded)
  }

  @Test mutating func freePagesAreTooManyAboveAQuarterOfTheFile() {
    let pages = 40_000
    limit.measured(StoreSize(pages: pages, freePages: pages / 4), at: .second(0))
    #expect(!limit.size.hasTooMuchSpare)
    limit.measured(StoreSize(pages: pages, freePages: pages / 4 + 1), at: .second(0))
    #expect(limit.size.hasTooMuchSpare && !limit.size.hasLittleSpare)
    limit.measured(StoreSize(pages: pages, freePages: pages / 8), at: .second(0))
    #expect(limit.size.hasLittleSpare)
  }
}
