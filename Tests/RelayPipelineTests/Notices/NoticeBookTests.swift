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
    book.keeps(at: .second(0))
    look(0, [NoticeSamples.key(.down): .off])
    #expect(!book.isChanged)
    look(10, Self.down)
    #expect(book.isChanged)
    book.keeps(at: .second(0))
    look(20, Self.down)
    #expect(!book.isChanged)
    for action in book.actions(at: .second(20), isReady: true) {
      _ = book.ended(action, isTaken: true, at: .second(20))
    }
    #expect(book.isChanged)
  }

  // MARK: What moves by itself

  private mutating func look(_ second: Int, dead total: Int, stored: Int) {
    var facts = NoticeFacts()
    facts.counts = [NoticeSamples.key(.dead): NoticeCount(total: total, stored: stored)]
    _ = book.look(facts, at: .second(second), wall: { $0 }, id: { "id" })
  }

  /// Broken by counts that are kept only when something is told: who wants no notices of dead letters makes no difference.
  @Test mutating func aCountThatHasMovedIsKeptSoon() {
    book.configure([NoticeSamples.receiver { $0.kinds = [.down] }])
    look(0, dead: 0, stored: 7)
    book.keeps(at: .second(0))
    look(5, dead: 1, stored: 8)
    #expect(!book.isChanged && !book.isToBeKept(at: .second(14)), "not for each step of it")
    #expect(book.isToBeKept(at: .second(15)) && book.isToBeKeptAtTheEnd)
    book.keeps(at: .second(15))
    look(20, dead: 1, stored: 8)
    #expect(!book.isToBeKept(at: .second(60)) && !book.isToBeKeptAtTheEnd)
    look(90, dead: 1, stored: 0)
    #expect(book.isToBeKept(at: .second(90)), "a person has put things right")
  }

  /// Broken by a count that stays as it was when something was told: eight is fewer than that.
  @Test mutating func whatDiesAfterARetryAndIsSeenByNobodyIsNew() throws {
    book.configure([NoticeSamples.receiver()])
    look(0, dead: 0, stored: 9)
    book.keeps(at: .second(0))
    look(20, dead: 0, stored: 0)
    #expect(book.isToBeKept(at: .second(20)))
    try restart(30)
    look(31, dead: 0, stored: 8)
    #expect(sent(31) == ["ops: began dead"])
  }

  /// Broken by a beginning that the next process does not know: one that ends every minute would never tell anybody.
  @Test(arguments: [NoticeKind.down, .late, .orphaned, .paused, .store, .clock])
  mutating func aBeginningOutlivesRestarts(_ kind: NoticeKind) throws {
    book.configure([NoticeSamples.receiver(), NoticeSamples.receiver("boss") { $0.patience = .seconds(600) }])
    let key = NoticeSamples.key(kind)
    for start in stride(from: 0, to: 300, by: 60) {
      try restart(start)
      // Nobody knows at first.
      look(start, [key: start == 0 ? .on() : .unknown])
      look(start + 10, [key: .on()])
      #expect(sent(start + 10) == [])
    }
    try restart(300)
    look(300, [key: .unknown])
    #expect(sent(300) == [])
    look(310, [key: .on()])
    #expect(sent(310) == ["ops: began \(kind)"])
    #expect(book.kept.desks[0].open[key]?.since == .second(0))
  }

  @Test mutating func aBeginningIsKeptAtOnceAndThenNowAndThen() {
    book.configure([NoticeSamples.receiver { $0.patience = .seconds(7_200) }])
    book.keeps(at: .second(-60))
    look(0, [NoticeSamples.key(.down): .on()])
    #expect(book.isToBeKept(at: .second(0)))
    book.keeps(at: .second(0))
    for second in stride(from: 5, to: 600, by: 5) {
      look(second, [NoticeSamples.key(.down): .on()])
      #expect(!book.isToBeKept(at: .second(second)))
    }
    look(600, [NoticeSamples.key(.down): .on()])
    #expect(book.isToBeKept(at: .second(600)), "or it would not be believed")
    book.keeps(at: .second(600))
    look(605, [NoticeSamples.key(.down): .off])
    #expect(book.isToBeKept(at: .second(615)))
  }

  /// Broken by a beginning that is believed for ever: nobody knows what was so meanwhile.
  @Test mutating func aBeginningOfLongAgoIsForgotten() throws {
    book.configure([NoticeSamples.receiver()])
    look(0, [NoticeSamples.key(.down): .on()])
    try restart(1_801)
    look(1_801, [NoticeSamples.key(.down): .unknown])
    look(1_802, [NoticeSamples.key(.down): .on()])
    #expect(sent(1_802) == [])
    look(2_102, [NoticeSamples.key(.down): .on()])
    #expect(sent(2_102) == ["ops: began down"])
  }

  @Test mutating func refusalsOutliveRestarts() throws {
    book.configure([NoticeSamples.receiver()])
    func refused(_ count: Int) -> NoticeFacts {
      var facts = NoticeFacts()
      facts.refusals = ["huggy": SourceCounts(unauthorized: count)]
      return facts
    }
    for start in stride(from: 0, through: 300, by: 60) {
      try restart(start)
      #expect(sent(start) == [])
      for (second, count) in [(0, 0), (5, 1)] {
        _ = book.look(refused(count), at: .second(start + second), wall: { $0 }, id: { "id" })
      }
      #expect(start > 0 || book.isToBeKept(at: .second(5)))
    }
    #expect(sent(305) == ["ops: began refused"])
  }

  @Test mutating func ofTooManyBeginningsTheOldestAreKept() {
    book.configure([NoticeSamples.receiver()])
    for number in 0...KeptNotices.maxBeginnings {
      let keys = (0...number).map { NoticeSamples.key(.down, .destination("d\($0)")) }
      look(number, Dictionary(uniqueKeysWithValues: keys.map { ($0, .on()) }))
    }
    let kept = book.kept.beginnings
    #expect(kept.count == KeptNotices.maxBeginnings)
    #expect(kept[NoticeSamples.key(.down, .destination("d\(KeptNotices.maxBeginnings)"))] == nil)
  }

  // MARK: Who is gone

  /// Broken by a start that forgets it only in memory.
  @Test mutating func whoIsGoneAtAStartIsForgottenOnDiskToo() throws {
    book.configure([NoticeSamples.receiver("ops"), NoticeSamples.receiver("boss")])
    look(0, Self.down)
    let kept = try #require(KeptNotices(bytes: book.kept.bytes))
    book = NoticeBook(kept, for: [NoticeSamples.receiver("boss")], at: .second(10))
    #expect(book.isChanged && book.kept.desks.map(\.name) == ["boss"])
    book = NoticeBook(kept, for: [NoticeSamples.receiver("ops")] + book.receivers, at: .second(10))
    #expect(!book.isChanged, "nothing is written where nothing is gone")
  }

  /// Broken by counts of before: what has died since would be told as new.
  @Test(arguments: [true, false])
  mutating func whileNobodyIsToldWhatHappensIsOld(isRestarted: Bool) throws {
    book.configure([NoticeSamples.receiver()])
    look(0, dead: 0, stored: 7)
    book.configure([])
    #expect(book.isChanged && book.kept == KeptNotices())
    if isRestarted { try restart(10) }
    book.configure([NoticeSamples.receiver()])
    look(20, dead: isRestarted ? 0 : 5, stored: 12)
    #expect(sent(20) == [])
    look(30, dead: isRestarted ? 1 : 6, stored: 13)
    #expect(sent(30) == ["ops: began dead"])
  }

  @Test mutating func sinceWhenNothingIsTakenOutlivesARestart() throws {
    book.configure([NoticeSamples.receiver()])
    look(0, Self.down)
    for action in book.actions(at: .second(0), isReady: true) {
      _ = book.ended(action, isTaken: false, at: .second(3))
    }
    #expect(book.isChanged)
    try restart(10)
    #expect(
      book.standings == [NoticeStanding(name: "ops", format: .json, waiting: 1, failingSince: .second(3))])
    for action in book.actions(at: .second(10), isReady: true) {
      _ = book.ended(action, isTaken: false, at: .second(12))
    }
    #expect(book.standings[0].failingSince == .second(3))
    for action in book.actions(at: .second(100), isReady: true) {
      _ = book.ended(action, isTaken: true, at: .second(101))
    }
    #expect(book.standings == [NoticeStanding(name: "ops", format: .json, waiting: 0)])
  }

  @Test(arguments: [NoticeReceiver.Format.json, .heartbeat])
  mutating func anotherAddressHasNotFailed(_ format: NoticeReceiver.Format) {
    book.configure([NoticeSamples.receiver { $0.format = format }])
    look(0, Self.down)
    for time in [Timestamp.second(0), .second(60)] {
      for action in book.actions(at: time, isReady: true) { _ = book.ended(action, isTaken: false, at: time) }
    }
    #expect(book.standings[0].failingSince == .second(0))
    let underWay = book.actions(at: .second(600), isReady: true)
    #expect(underWay.count == 1)
    book.configure([
      NoticeSamples.receiver { ($0.format, $0.url) = (format, Secret("https://other.example")) }
    ])
    #expect(book.standings[0].failingSince == nil)
    // What was under way to the old one fails there, and is sent to the new one.
    for time in [Timestamp.second(601), .second(602)] {
      _ = book.ended(underWay[0], isTaken: false, at: time)
    }
    #expect(book.standings[0].failingSince == nil)
    #expect(book.actions(at: .second(1_200), isReady: true).count == 1)
  }

  @Test func whatIsOfAnotherVersionOrCutIsNotRead() {
    var kept = KeptNotices()
    kept.desks = [
      KeptNotices.Desk(
        name: "ops",
        open: [NoticeSamples.key(.store, .store(.nearlyFull)): .init(since: .second(0), told: .second(1))],
        waiting: [NoticeSamples.notice("a", .reload, .began, .relay)], failingSince: .second(2))
    ]
    kept.counts = [
      NoticeSamples.key(.dead): .init(stored: 7, lastNew: .second(5)),
      NoticeSamples.key(.overflow): .init(stored: 0),
    ]
    kept.beginnings = [NoticeSamples.key(.late): .init(since: .second(7), seen: .second(8))]
    kept.refusals = ["huggy": .init(first: .second(3), last: .second(4))]
    let bytes = kept.bytes
    #expect(KeptNotices(bytes: bytes) == kept)
    for count in 0..<bytes.count { #expect(KeptNotices(bytes: Array(bytes[..<count])) == nil) }
    #expect(KeptNotices(bytes: [3] + bytes.dropFirst()) == nil)
  }

  /// As the version before has written it: one receiver with one thing open and nothing that waits, and one count.
  @Test func whatTheVersionBeforeHasKeptIsGoneOnWith() throws {
    func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count), 0] + Array(text.utf8) }
    func number(_ number: Int64) -> [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    let crm = text("destination") + text("crm")
    var bytes: [UInt8] = [1, 1, 0] + text("ops") + [1, 0] + text("down") + crm
    bytes += number(Timestamp.second(1).microseconds) + number(Timestamp.second(2).microseconds) + [0, 0]
    bytes += [1, 0] + text("dead") + crm + number(7)
    let kept = try #require(KeptNotices(bytes: bytes))
    #expect(kept.desks.map(\.name) == ["ops"] && kept.desks[0].waiting.isEmpty)
    #expect(
      kept.desks[0].open == [NoticeSamples.key(.down): .init(since: .second(1), told: .second(2))])
    #expect(kept.counts == [NoticeSamples.key(.dead): .init(stored: 7)])
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
    kept.counts = Dictionary(
      uniqueKeysWithValues: (0..<NoticeCounts.maxKept).map {
        (key($0), .init(stored: 1, lastNew: .second(0)))
      })
    kept.beginnings = Dictionary(
      uniqueKeysWithValues: (0..<KeptNotices.maxBeginnings).map {
        (key($0), .init(since: .second(0), seen: .second(0)))
      })
    kept.refusals = Dictionary(
      uniqueKeysWithValues: (0..<NoticeRefusals.maxKept).map {
        (String("\($0)\(name)".prefix(64)), .init(first: .second(0), last: .second(0)))
      })
    #expect(NoticeSlots.bytes(number: 1, kept.bytes) != nil)
  }
}
