import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

struct AuditPageWorkTests {
  /// What is given of these entries, the newest first, until no more is wanted: `x` is what is asked for.
  private func page(_ whats: String, limit: Int, mostRows: Int = 100) -> (page: AuditPage, taken: Int) {
    var work = AuditPageWork(AuditFilter(what: "x"), limit: limit, mostRows: mostRows)
    var taken = 0
    for (place, what) in whats.enumerated() where work.wantsMore {
      let entry = AuditEntry(
        at: .second(place), who: "w", role: "r", what: String(what), target: "t", reason: nil)
      work.take(AuditRecord(id: AuditID(rawValue: Int64(100 - place)), entry: entry, outcome: nil))
      taken += 1
    }
    return (work.page, taken)
  }

  @Test func aPageEndsBehindItsLastEntryWhereThereIsAnother() {
    let (page, taken) = page("xyxyxx", limit: 2)
    #expect(page.records.map(\.id.rawValue) == [100, 98] && page.next == AuditID(rawValue: 98) && taken == 5)
  }

  @Test func whereThereIsNoOtherThereIsNoNextPage() {
    let (page, _) = page("xyxy", limit: 2)
    #expect(page.records.count == 2 && page.next == nil)
  }

  @Test func aPageLooksAtABoundedNumberOfEntries() {
    let (page, taken) = page("yyyyx", limit: 2, mostRows: 3)
    #expect(page.records.isEmpty && page.next == AuditID(rawValue: 98) && taken == 3)
  }
}
