import Testing

@testable import RelayStoring

struct HangRuleTests {
  /// What each look says: at the thread's turn, resting or not.
  private func looks(_ turns: [(turn: Int, isResting: Bool)]) -> [Bool?] {
    var rule = HangRule()
    return turns.map { rule.look(turn: $0.turn, isResting: $0.isResting) }
  }

  @Test func aThreadThatFiveLooksFindWhereItWasHangs() {
    let same = Array(repeating: (turn: 7, isResting: false), count: 7)
    #expect(looks(same) == [nil, nil, nil, nil, true, nil, nil])
  }

  @Test func aThreadThatComesBackHangsNoMore() {
    let turns = Array(repeating: (turn: 7, isResting: false), count: 5) + [(8, false), (8, false)]
    #expect(looks(turns).suffix(2) == [false, nil])
  }

  @Test func aThreadThatRestsAtTheSameTurnDoesNotHang() {
    #expect(looks(Array(repeating: (turn: 7, isResting: true), count: 9)).allSatisfy { $0 == nil })
  }

  @Test func aThreadThatIsBusyAndComesBackEachTimeDoesNotHang() {
    #expect(looks((0..<20).map { ($0 / 4, false) }).allSatisfy { $0 == nil })
  }
}
