import RelayTestSupport
import Testing

@testable import RelayPostgres

struct TimeSearchTests {
  /// The result, and how many times places were looked at.
  private func search(
    _ rows: [Int64], isBefore: (Int64) -> Bool
  ) -> (result: Int64, looks: Int) {
    var search = TimeSearch(in: rows[0]..<rows[rows.count - 1] + 1)
    var looks = 0
    while !search.isOver, looks < 100 {
      looks += 1
      let places = search.places
      #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 } && search.rest.contains(places[0]))
      search.narrow(
        places.map { place in
          rows.first { $0 >= place }.map { .row($0, isBefore: isBefore($0)) } ?? .nothing
        })
    }
    return (search.result, looks)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func theFirstRowThatCameLaterIsFoundInAFewLooks(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let span = random.pick([3, 50, 1_000, 1 << 52])
    let rows = Set((0..<40).map { _ in 7 + Int64(random.below(span)) }).sorted()
    for bound in [rows[0], rows[rows.count / 2], rows[rows.count - 1], rows[rows.count - 1] + 1] {
      let (result, looks) = search(rows) { $0 < bound }
      #expect(rows.allSatisfy { ($0 < result) == ($0 < bound) })
      #expect(looks <= 11)
    }
  }

  @Test func numbersAtTheEndOfTheirRangeDoNotOverflow() {
    let (result, _) = search([0, .max - 2, .max - 1]) { $0 < .max - 1 }
    #expect(result > .max - 2 && result <= .max - 1)
  }
}
