import RelayCore
import RelayStoring
import Testing

struct RowDigestTests {
  private func digest(_ rows: [(inout RowDigest) -> Void]) -> RowDigest {
    var digest = RowDigest()
    for row in rows { digest.addRow(row) }
    return digest
  }

  private func digest(_ texts: String...) -> RowDigest { digest(texts.map { text in { $0.add(text) } }) }

  @Test func theSameRowsInTheSameOrderGiveTheSame() {
    #expect(digest("a", "b") == digest("a", "b"))
    #expect(digest("a", "b").description == digest("a", "b").description)
    #expect(digest("a", "b").count == 2 && digest("a").description.count == 32)
  }

  @Test func anotherOrderAnotherRowOrOneMoreGiveAnother() {
    let all = [
      digest(), digest("a"), digest("a", "b"), digest("b", "a"), digest("ab"), digest("a", ""),
      digest("", "a"), digest("a", "b", "b"),
    ]
    #expect(Set(all.map(\.description)).count == all.count)
  }

  @Test func whereAFieldEndsAndWhetherItIsThereCounts() {
    let texts: [(inout RowDigest) -> Void] = [
      {
        $0.add("ab"); $0.add("c")
      },
      {
        $0.add("a"); $0.add("bc")
      }, { $0.add("abc") },
      { $0.add(optional: nil as String?) { $0.add($1) } }, { $0.add(optional: "") { $0.add($1) } },
    ]
    #expect(Set(texts.map { digest([$0]).description }).count == texts.count)
    let bytes: [[UInt8]] = [[], [0], [0, 0], [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 0, 9]]
    #expect(Set(bytes.map { bytes in digest([{ $0.add(bytes) }]).description }).count == bytes.count)
  }

  @Test func everyFieldOfAnEventCounts() {
    let id = EventID(high: 1, low: 2)
    let event = MovedEvent(
      id: id, envelope: id, receivedAt: .epoch, source: "huggy", configuration: "c", time: nil, token: nil,
      trace: nil, type: "t", rawType: nil, company: nil, channel: nil, chat: nil, routes: ["r"],
      isDropped: false, deliveries: 1, erasedAt: nil, body: [1])
    let changes: [(inout MovedEvent) -> Void] = [
      { _ in }, { $0.id.low = 3 }, { $0.envelope.low = 3 }, { $0.receivedAt.microseconds = 1 },
      { $0.source = "other" }, { $0.configuration = "d" }, { $0.time = [] }, { $0.token = [] },
      { $0.trace = [] }, { $0.type = "u" }, { $0.rawType = [] }, { $0.company = "" }, { $0.channel = "" },
      { $0.chat = "" }, { $0.routes = ["r", ""] }, { $0.isDropped = true }, { $0.deliveries = 2 },
      { $0.erasedAt = .epoch }, { $0.body = [] },
    ]
    let all = changes.map { change in
      var changed = event
      change(&changed)
      var digest = RowDigest()
      changed.add(to: &digest)
      return digest.description
    }
    #expect(Set(all).count == changes.count)
  }
}
