import RelayCore
import RelayStoring
import Testing

@testable import RelaySQLite

struct DuplicateIndexTests {
  @Test func itHoldsNoMoreThanItsLimit() throws {
    let index = DuplicateIndex(limit: 100, try .inMemory())
    for row in 1...1_000 as ClosedRange<Int64> {
      index.insert(UInt64(row), row: RowID(rawValue: row))
      index.commit()
    }
    #expect(index.count == 100)
    #expect(index.row(for: 901) == 901)
    #expect(index.row(for: 900) == nil)
  }

  @Test func aRollbackRestoresWhatEachKeyPointedAt() throws {
    let index = DuplicateIndex(limit: 3, try .inMemory())
    index.insert(1, row: 1)
    index.commit()
    for row in 2...9 as ClosedRange<Int64> { index.insert(UInt64(row % 3), row: RowID(rawValue: row)) }
    index.rollback()
    #expect((0...2).map { index.row(for: $0) } == [nil, 1, nil])
    #expect(index.count == 1)
  }

  @Test func aKeyThatCameAgainCountsFromItsLastTime() throws {
    let index = DuplicateIndex(limit: 2, try .inMemory())
    for (row, key) in zip(Int64(1)..., [7, 8, 7, 9] as [UInt64]) {
      index.insert(key, row: RowID(rawValue: row))
      index.commit()
    }
    #expect(index.row(for: 7) == 3)
    #expect(index.row(for: 8) == nil)
    #expect(index.row(for: 9) == 4)
  }
}
