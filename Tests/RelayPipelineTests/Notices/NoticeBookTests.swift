import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct NoticeBookTests {
  private var book = NoticeBook()
  private var ids = 0

  private mutating func look(_ second: Int, _ states: [NoticeKey: NoticeState]) {
    var facts = NoticeFacts()
    facts.states = states
    var made = ids
    _ = book.look(facts, at: .second(second), wall: { $0 }) {
      made += 1
      return "id\(made)"
    }
    ids = made
  }

  private mutating func sent(_ second: Int) -> [String] {
    book.actions(at: .second(second), isReady: true).map { action in
      switch action {
      case .send(let notice, let receiver):
        "\(receiver.name): \(notice.phase.rawValue) \(notice.key.kind.rawValue)"
      case .beat(let receiver): "\(receiver.name): beat"
      }
    }
  }

  private static let down = [NoticeSamples.key(.down): NoticeState.on(since: .second(-600), "status 503")]

  /// Over a kill: what was kept, and nothing else.
  private mutating func restart(_ second: Int) throws {
    let kept = try #require(KeptNotices(bytes: book.kept.bytes))
    #expect(kept == book.kept)
    book = NoticeBook(kept, for: book.receivers, at: .second(second))
  }

  @Test mutating func eachReceiverIsToldByItsOwnRules() {
    book.configure([
      NoticeSamples.receiver("ops"), NoticeSamples.receiver("boss") { $0.patience = .seconds(3_600) },
      NoticeSamples.receiver("dead-man") { $0.format = .heartbeat },
    ])
    look(0, Self.down)
    #expect(sent(0) == ["ops: began down", "dead-man: beat"])
    look(3_000, Self.down)
    #expect(sent(3_000) == ["boss: began down"])
  }

  @Test mutating func whatGoesOnIsNotBegunAgainByARestart() throws {
    book.configure([NoticeSamples.receiver()])
    look(0, Self.down)
    for action in book.actions(at: .second(0), isReady: true) {
      #expect(book.ended(action, isTaken: true, at: .second(1)) == 0)
    }
    try restart(10)
    look(20, [NoticeSamples.key(.down): .unknown])
    look(30, Self.down)
    #expect(sent(30) == [])
    // And what has ended meanwhile is told once it is known.
    look(40, [NoticeSamples.key(.down): .off])
    look(100, [NoticeSamples.key(.down): .off])
    #expect(sent(100) == ["ops: ended down"])
  }

  @Test mutating func whatWasNotRecordedAsSentIsSentAgainWithTheSameID() throws {
    book.configure([NoticeSamples.receiver()])
    look(0, Self.down)
    let first = book.actions(at: .second(0), isReady: true)
    try restart(10)
    let second = book.actions(at: .second(10), isReady: true)
    #expect(first == second && first.count == 1)
  }

  @Test mutating func aBeginningAndItsEndAreBothToldInOrder() {
    book.configure([NoticeSamples.receiver()])
    look(0, Self.down)
    for action in book.actions(at: .second(0), isReady: true) {
      #expect(book.ended(action, isTaken: false, at: .second(0)) == 1)
    }
    look(10, [NoticeSamples.key(.down): .off])
    look(70, [NoticeSamples.key(.down): .off])
    var phases: [Notice.Phase] = []
    for second in 100...101 {
      for case .send(let notice, let receiver) in book.actions(at: .second(second), isReady: true) {
        phases.append(notice.phase)
        _ = book.ended(.send(notice, to: receiver), isTaken: true, at: .second(second))
      }
    }
    #expect(phases == [.began, .ended])
  }

  @Test mutating func aReceiverThatIsGoneTakesWhatWaitsForItAlong() {
    book.configure([NoticeSamples.receiver("ops"), NoticeSamples.receiver("boss")])
    look(0, Self.down)
    book.configure([NoticeSamples.receiver("boss")])
    #expect(book.isChanged)
    #expect(book.kept.desks.map(\.name) == ["boss"])
    book.configure([NoticeSamples.receiver("ops"), NoticeSamples.receiver("boss")])
    #expect(sent(0) == ["boss: began down"])
  }

  @Test mutating func anotherAddressIsTriedAtOnce() {
    book.configure([NoticeSamples.receiver()])
    look(0, Self.down)
    for action in book.actions(at: .second(0), isReady: true) {
      _ = book.ended(action, isTaken: false, at: .second(0))
    }
    #expect(sent(1) == [])
    book.configure([NoticeSamples.receiver { $0.url = Secret("https://other.example") }])
    #expect(sent(1) == ["ops: began down"])
  }

  @Test mutating func whatChangesIsToBeKeptAndNothingElseIs() {
    book.configure([NoticeSamples.receiver()])
    book.keeps()
    look(0, [NoticeSamples.key(.down): .off])
    #expect(!book.isChanged)
    look(10, Self.down)
    #expect(book.isChanged)
    book.keeps()
    look(20, Self.down)
    #expect(!book.isChanged)
    for action in book.actions(at: .second(20), isReady: true) {
      _ = book.ended(action, isTaken: true, at: .second(20))
    }
    #expect(book.isChanged)
  }

  @Test func whatIsOfAnotherVersionOrCutIsNotRead() {
    var kept = KeptNotices()
    kept.desks = [
      KeptNotices.Desk(
        name: "ops",
        open: [NoticeSamples.key(.store, .store(.nearlyFull)): .init(since: .second(0), told: .second(1))],
        waiting: [NoticeSamples.notice("a", .reload, .began, .relay)])
    ]
    kept.counts = [NoticeSamples.key(.dead): 7]
    let bytes = kept.bytes
    #expect(KeptNotices(bytes: bytes) == kept)
    for count in 0..<bytes.count { #expect(KeptNotices(bytes: Array(bytes[..<count])) == nil) }
    #expect(KeptNotices(bytes: [2] + bytes.dropFirst()) == nil)
  }

  /// The most that there can be fits into a slot.
  @Test func thereIsRoomForAllThatMayBeKept() {
    let name = String(repeating: "n", count: 64)
    func key(_ number: Int) -> NoticeKey {
      NoticeSamples.key(.attachments, .destination(String("\(number)\(name)".prefix(64))))
    }
    var kept = KeptNotices()
    kept.desks = (0..<20).map { _ in
      KeptNotices.Desk(
        name: name,
        open: Dictionary(
          uniqueKeysWithValues: (0..<NoticeRules.maxOpen).map {
            (key($0), .init(since: .second(0), told: .second(0)))
          }),
        waiting: (0..<NoticeQueue.maxWaiting).map {
          Notice(
            id: "notice_" + String(repeating: "f", count: 32), key: key($0), phase: .repeated, at: .second(0),
            since: .second(0), detail: String(repeating: "é", count: 500))
        })
    }
    kept.counts = Dictionary(uniqueKeysWithValues: (0..<NoticeCounts.maxKept).map { (key($0), 1) })
    #expect(NoticeSlots.bytes(number: 1, kept.bytes) != nil)
  }
}
