import Testing

@testable import RelayPipeline

@Suite struct EventTypeTableTests {
  @Test func aTypeKeepsItsPlace() {
    let table = EventTypeTable()
    let places = (0..<100).map { table.place(of: "type-\($0)") }
    #expect(Set(places).count == 100)
    #expect((0..<100).map { table.place(of: "type-\($0)") } == places)
  }

  /// The platform's own pages write `receivedALLMessage` beside `receivedAllMessage`.
  @Test func aTypeIsOneInAnyCase() {
    let table = EventTypeTable()
    let place = table.place(of: "receivedAllMessage")
    #expect(table.place(of: "receivedALLMessage") == place)
    #expect(table.place(of: "RECEIVEDALLMESSAGE") == place)
    #expect(table.place(of: "OTHER") == EventTypeTable.other)
    #expect(table.place(of: "É") != table.place(of: "é"), "of ASCII's letters alone, as when it is routed")
    #expect(table.labels.map(\.label).contains("receivedAllMessage"), "the spelling that came first")
    #expect(table.labels.count == 4)
    for number in 0..<97 { #expect(table.place(of: "type-\(number)") == table.place(of: "TYPE-\(number)")) }
    #expect(table.labels.count == 101)
  }

  @Test func theTypesPastTheHundredthShareOnePlace() {
    let table = EventTypeTable()
    for number in 0..<100 { #expect(table.place(of: "type-\(number)") != EventTypeTable.other) }
    for number in 100..<150 { #expect(table.place(of: "type-\(number)") == EventTypeTable.other) }
    #expect(table.labels.count == 101)
    #expect(table.labels.last?.label == "other")
  }

  @Test func aTypeCalledOtherIsCountedWithTheOthers() {
    let table = EventTypeTable()
    #expect(table.place(of: "other") == EventTypeTable.other)
    #expect(table.labels.map(\.label) == ["other"])
  }

  @Test func aLongTypeIsCutBetweenCharacters() {
    #expect(EventTypeTable.label(of: String(repeating: "a", count: 128)).utf8.count == 128)
    #expect(EventTypeTable.label(of: String(repeating: "a", count: 129)).utf8.count == 128)
    let label = EventTypeTable.label(of: "a" + String(repeating: "é", count: 100))
    #expect(label == "a" + String(repeating: "é", count: 63))
  }

  @Test func typesThatLookAlikeAsLabelsAreOneSeries() {
    let table = EventTypeTable()
    #expect(table.place(of: "a\u{0}b") == table.place(of: "a\u{1}b"))
    let long = String(repeating: "x", count: 200)
    #expect(table.place(of: long + "1") == table.place(of: long + "2"))
    #expect(table.labels.map(\.label) == ["a\u{FFFD}b", String(repeating: "x", count: 128), "other"])
  }

  @Test func controlCharactersAreNotShown() {
    #expect(EventTypeTable.label(of: "a\u{0}b\nc\u{7F}d\u{1B}") == "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}")
    #expect(EventTypeTable.label(of: #"a "b" \c é"#) == #"a "b" \c é"#)
  }
}
