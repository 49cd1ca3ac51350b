import RelayStoring
import RelayThreads
import Testing

@testable import RelayPostgres

@Suite("Rules of lanes") struct LaneRulesTests {
  private static let names = (1...200).map { "d\($0)" }
  private static let all = Set(Int32(1)...200)

  private func rules(_ own: Int16, live: Set<Int16> = [0, 1, 2], _ configured: [Int16: Set<Int32>]? = nil)
    -> LaneRules
  {
    LaneRules(own: own, live: live, configured: configured ?? [0: Self.all, 1: Self.all, 2: Self.all])
  }

  private func ideal(_ rules: LaneRules, _ number: Int32) -> Int16? {
    rules.ideal(of: number, named: Self.names[Int(number) - 1])
  }

  private func action(_ rules: LaneRules, _ row: LaneRow, _ number: Int32) -> LaneRules.Action {
    rules.action(on: row, of: number, named: Self.names[Int(number) - 1])
  }

  @Test func eachNodeTakesItsShareOfWhatNobodyServes() {
    for number in Self.all {
      let taking = (0...2).filter { action(rules($0), LaneRow(), number) == .take }
      #expect(
        taking
          == [LaneOwners(slots: 0...2).owner(of: Self.names[Int(number) - 1])].compactMap {
            $0.map(Int16.init)
          })
    }
  }

  @Test func whoHasItNotConfiguredIsNotToServeIt() {
    let some = Set(Int32(1)...100)
    let (old, new) = (rules(0, [0: some, 1: Self.all, 2: []]), rules(1, [0: some, 1: Self.all, 2: []]))
    for number in Int32(101)...200 {
      #expect(ideal(old, number) == 1)
      #expect(action(new, LaneRow(owner: 0), number) == .ask)
      #expect(action(old, LaneRow(owner: 0, wanted: 1), number) == .handOver(to: 1))
    }
    // What nobody has configured is served all the same.
    #expect(ideal(rules(0, [0: [], 1: []]), 7) != nil)
    // And nobody who serves nothing, or is gone, is to serve anything.
    #expect(ideal(rules(0, [:]), 7) == nil)
    #expect(ideal(rules(0, live: [0], [1: Self.all]), 7) == nil)
    #expect(action(rules(0, [:]), LaneRow(), 7) == .none)
  }

  @Test func aLaneGoesOnlyToWhoIsToServeItInItsOwnersViewToo() {
    for number in Self.all {
      let right = ideal(rules(0), number)!
      for asking in Int16(1)...2 {
        let row = LaneRow(owner: 0, wanted: asking)
        #expect(action(rules(0), row, number) == (asking == right ? .handOver(to: asking) : .none))
      }
    }
  }

  /// An earlier run has left it to the slot.
  @Test func whoServesNothingYetGivesAwayWhatItHas() {
    for number in Self.all {
      let rules = rules(0, [1: Self.all, 2: Self.all])
      let right = ideal(rules, number)!
      #expect(right != 0 && action(rules, LaneRow(owner: 0, wanted: right), number) == .handOver(to: right))
      #expect(action(rules, LaneRow(), number) == .none && action(rules, LaneRow(owner: 1), number) == .none)
    }
  }

  @Test func whatOneThatIsGoneHasIsNotAskedForButTakenOverFirst() {
    for number in Self.all where ideal(rules(0, live: [0, 1]), number) == 0 {
      #expect(action(rules(0, live: [0, 1]), LaneRow(owner: 1), number) == .ask)
      #expect(action(rules(0, live: [0, 1]), LaneRow(owner: 1, wanted: 0), number) == .none)
      #expect(action(rules(0, live: [0, 1]), LaneRow(owner: 2), number) == .none)
    }
  }

  @Test func whoEndsLeavesEachLaneToWhoIsToServeItThen() {
    for number in Self.all {
      let heir = rules(1).heir(of: number, named: Self.names[Int(number) - 1])
      #expect(heir == ideal(rules(0, live: [0, 2]), number))
    }
    #expect(rules(1, live: [1]).heir(of: 7, named: "d7") == nil)
  }
}

@Suite("Who serves what, for people") struct LaneSharesTests {
  @Test func eachOwnersDestinationsAreInOrderAndThoseOfNobodyApart() {
    let shares = LaneShares([("crm", 1), ("bi", 1), ("lake", nil), ("mail", 0), ("erp", nil)])
    #expect(shares.destinations == [0: ["mail"], 1: ["bi", "crm"]])
    #expect(shares.unserved == ["erp", "lake"])
  }

  @Test func theTableIsShownAnewOnceItIsAnotherOne() {
    let table = LaneTable()
    let (crm, bi) = (DestinationRowID(rawValue: 1), DestinationRowID(rawValue: 2))
    table[crm] = LaneRow(owner: 3)
    table.show([(crm, "crm"), (bi, "bi")])
    #expect(table.shares.withLock { $0 } == LaneShares([("crm", 3), ("bi", nil)]))
    table.show([])
    #expect(table.shares.withLock { $0.unserved } == ["bi"], "nothing has changed")
    table.forget()
    table.show([(crm, "crm")])
    #expect(table.shares.withLock { $0 } == LaneShares([("crm", nil)]))
  }
}

@Suite("How far news were read") struct NewsCursorTests {
  private func row(_ slot: Int16, _ sequence: Int64, after previous: Int64) -> NewsRow {
    NewsRow(
      slot: slot, sequence: sequence, previous: previous, base: 1, destinations: [], replayed: [], keys: [])
  }

  @Test func newsThatWereRemovedBeforeAnybodyCameAreMissed() {
    var cursor = NewsCursor()
    cursor.skip(to: 5, of: 1)
    let results = [
      cursor.add(row(0, 3, after: 0)), cursor.add(row(1, 9, after: 5)), cursor.add(row(0, 8, after: 3)),
      cursor.add(row(1, 20, after: 12)), cursor.add(row(1, 21, after: 20)), cursor.add(row(2, 7, after: 6)),
    ]
    #expect(results == [true, true, true, false, true, false])
    #expect(cursor.read == [0: 8, 1: 21, 2: 7])
  }
}
