import Testing

@testable import RelayCore

@Suite struct LaneTableTests {
  private func table(_ names: String...) -> LaneTable {
    var table = LaneTable()
    for name in names {
      _ = table.add(Lane(destination: Made.destination(name), window: .share(ofLanes: names.count)))
    }
    return table
  }

  @Test func aDeadlineIsToldOnceUntilItIsAnotherOrHasCome() {
    var table = table("a", "b")
    let (early, late) = (Timestamp(microseconds: 1), Timestamp(microseconds: 2))
    var told = [
      table.setDeadline(nil, of: 0), table.setDeadline(early, of: 0), table.setDeadline(early, of: 0),
    ]
    #expect(told == [false, true, false])
    told = [table.setDeadline(late, of: 0), table.setDeadline(late, of: 1), table.setDeadline(nil, of: 1)]
    #expect(told == [true, true, true])
    table.deadlineCame(of: 0)
    told = [table.setDeadline(late, of: 0), table.setDeadline(nil, of: 0), table.setDeadline(nil, of: 0)]
    #expect(told == [true, true, false])
  }

  @Test func thoseThatStayKeepTheirNamesAndDeadlinesWhenOthersAreRemoved() {
    var table = table("a", "b", "c")
    let deadline = Timestamp(microseconds: 1)
    _ = table.setDeadline(deadline, of: 2)
    table.remove(["b"])
    #expect(table.names == ["a", "c"] && table.all.map(\.destination.name) == ["a", "c"])
    let (a, b, c) = (table.place(of: "a"), table.place(of: "b"), table.place(of: "c"))
    #expect(a == 0 && b == nil && c == 1)
    let isTold = [table.setDeadline(deadline, of: 1), table.setDeadline(deadline, of: 0)]
    #expect(isTold == [false, true])
  }

  @Test func statusesAreSortedByName() {
    #expect(table("b", "c", "a").statuses(at: .epoch).map(\.name) == ["a", "b", "c"])
  }
}
