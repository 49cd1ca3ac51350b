import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct NoticeCountsTests {
  private let key = NoticeSamples.key(.dead)
  private var counts = NoticeCounts()

  private mutating func isOn(_ second: Int, _ total: Int, stored: Int?) -> Bool? {
    counts.look([key: NoticeCount(total: total, stored: stored)], at: .second(second))[key].map {
      $0.standing == .on
    }
  }

  @Test mutating func whatIsThereAlreadyIsNoNews() {
    #expect(isOn(0, 0, stored: 7) == false)
    #expect(isOn(5, 0, stored: 7) == false)
  }

  @Test mutating func theFirstNewOneBeginsItAndAnHourWithoutOneEndsIt() {
    _ = isOn(0, 0, stored: 7)
    #expect(isOn(10, 1, stored: 8) == true)
    #expect(isOn(3_609, 1, stored: 8) == true)
    #expect(isOn(3_610, 1, stored: 8) == false)
    #expect(isOn(3_620, 2, stored: 9) == true)
    #expect(isOn(3_700, 3, stored: 10) == true)
    #expect(isOn(7_299, 3, stored: 10) == true)
    #expect(isOn(7_300, 3, stored: 10) == false)
  }

  @Test mutating func oneThatIsRetriedAndDiesAgainIsNew() {
    _ = isOn(0, 5, stored: 5)
    #expect(isOn(5, 5, stored: 0) == false)
    #expect(isOn(10, 6, stored: 1) == true)
  }

  /// It died, and the process was killed before anybody looked.
  @Test mutating func whatTheStoreHasBeyondWhatWasKeptIsNew() {
    counts = NoticeCounts(kept: [key: .init(stored: 7)], open: [], at: .second(0))
    #expect(isOn(0, 0, stored: 8) == true)
  }

  @Test mutating func whatWasKeptAndHasFallenSinceIsNoNews() {
    counts = NoticeCounts(kept: [key: .init(stored: 7)], open: [], at: .second(0))
    #expect(isOn(0, 0, stored: 6) == false)
    #expect(isOn(5, 1, stored: 7) == true)
  }

  @Test mutating func afterARestartWhatIsOpenLastsAnHourMore() {
    counts = NoticeCounts(kept: [key: .init(stored: 7)], open: [key], at: .second(0))
    #expect(isOn(0, 0, stored: 7) == true)
    #expect(isOn(3_599, 0, stored: 7) == true)
    #expect(isOn(3_600, 0, stored: 7) == false)
  }

  /// Broken by an hour that begins anew with each start.
  @Test mutating func whenTheLastOneCameOutlivesRestarts() {
    counts = NoticeCounts(kept: [key: .init(stored: 7, lastNew: .second(-600))], open: [key], at: .second(0))
    #expect(isOn(0, 0, stored: 7) == true)
    counts = NoticeCounts(kept: counts.kept, open: [key], at: .second(2_000))
    #expect(isOn(2_999, 0, stored: 7) == true)
    #expect(isOn(3_000, 0, stored: 7) == false)
  }

  /// A reload has brought it, and it died before anybody looked; or it was gone for a while.
  @Test mutating func whatComesLaterBeganAtNothingOrWhereItWasWhenItWent() {
    _ = counts.look([:], at: .second(0))
    #expect(isOn(5, 1, stored: 1) == true)
    #expect(counts.kept[key]?.stored == 1, "and not counted twice")
    #expect(isOn(3_605, 1, stored: 0) == false)
    _ = counts.look([:], at: .second(3_610))
    #expect(isOn(3_620, 1, stored: 0) == false)
    _ = counts.look([:], at: .second(3_630))
    #expect(isOn(3_640, 2, stored: 1) == true)
  }

  @Test mutating func aStoreThatCannotBeReadChangesNothing() {
    _ = isOn(0, 0, stored: 7)
    #expect(isOn(5, 0, stored: nil) == false)
    #expect(isOn(10, 1, stored: nil) == true)
    #expect(counts.kept == [key: .init(stored: 7, lastNew: .second(10))])
  }

  @Test mutating func whatIsGoneIsForgotten() {
    _ = isOn(0, 0, stored: 7)
    _ = counts.look([:], at: .second(5))
    #expect(counts.kept == [:])
  }

  private mutating func detail(_ second: Int, _ total: Int, stored: Int?) -> String? {
    counts.look([key: NoticeCount(total: total, stored: stored)], at: .second(second))[key]?.detail
  }

  /// The store's number is of a moment ago, and the notice is told at once.
  @Test mutating func whatIsCountedIsNeverMoreThanWhatIsTold() {
    _ = isOn(0, 0, stored: 7)
    #expect(detail(5, 2, stored: 7) == "9 in all")
    #expect(detail(10, 2, stored: 7) == "9 in all")
    #expect(detail(15, 3, stored: 7) == "10 in all")
    #expect(counts.kept[key]?.stored == 10)
    #expect(detail(20, 3, stored: 11) == "11 in all")
    #expect(detail(30, 3, stored: 1) == "1 in all", "a person has put things right")
  }
}
