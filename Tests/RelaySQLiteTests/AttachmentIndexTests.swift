import Foundation
import RelayCore
import RelayHarness
import RelaySQLite
import Testing

@Suite(.timeLimit(.minutes(15))) struct AttachmentIndexTests {
  private let folder: TemporaryFolder
  private let index: SQLiteAttachmentIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try SQLiteAttachmentIndex(path: "\(folder.path)/index.db")
  }

  private static func key(_ event: UInt64, _ place: Int = 0) -> AttachmentKey {
    AttachmentKey(event: EventID(high: 7, low: event), place: place)
  }

  private static func link(_ key: AttachmentKey, source: String = "huggy", due: Int = 10)
    -> PendingAttachment
  {
    PendingAttachment(
      key: key, source: source, url: Secret("https://files.example.com/\(key.place)?s3cret"),
      receivedAt: .second(5), due: .second(due))
  }

  private static let file = AttachmentFile(
    hash: String(repeating: "ab", count: 32), bytes: 100, contentType: "image/png", name: "a.png")

  @discardableResult
  private func record(_ links: PendingAttachment...) throws -> Int {
    try index.record(links, keep: ["huggy": .seconds(60), "other": .seconds(60)], through: nil)
  }

  @Test func aLinkIsRecordedOnce() throws {
    let newLinks = try record(Self.link(Self.key(1)), Self.link(Self.key(1, 1)))
    #expect(newLinks == 2)
    let furtherLinks = try record(Self.link(Self.key(1)), Self.link(Self.key(2)))
    #expect(furtherLinks == 1)
    #expect(try index.pendingCount() == 3)
  }

  @Test func whatIsDueComesOldestFirst() throws {
    try record(
      Self.link(Self.key(1), due: 30), Self.link(Self.key(2), due: 10), Self.link(Self.key(3), due: 20))
    #expect(try index.nextPending() == .second(10))
    #expect(try index.pending(at: .second(20), limit: 5).map(\.key) == [Self.key(2), Self.key(3)])
    #expect(
      try index.pending(at: .second(20), limit: 1).first?.url.reveal == "https://files.example.com/0?s3cret")
  }

  @Test func aRestartKnowsAllOfIt() throws {
    try record(Self.link(Self.key(1)), Self.link(Self.key(2)))
    _ = try index.record([], keep: [:], through: .second(77))
    let isPostponed = try index.again(Self.key(1), tries: 2, reason: "status 503", at: .second(99))
    #expect(isPostponed)
    let added = try index.fetched(Self.key(2), Self.file, lookAt: .second(50))
    #expect(added == 100)
    index.close()
    let again = try SQLiteAttachmentIndex(path: "\(folder.path)/index.db")
    #expect(try again.recordedThrough() == .second(77))
    #expect(try again.nextPending() == .second(99))
    #expect(try again.pending(at: .second(99), limit: 1).first?.tries == 2)
    #expect(try again.attachments(of: Self.key(1).event).map(\.lastFailure) == ["status 503"])
    #expect(try again.attachments(of: Self.key(2).event).map(\.state) == [.fetched(Self.file)])
    #expect(try again.bytes() == ["huggy": 100])
  }

  @Test func anOutcomeIsTakenOnce() throws {
    try record(Self.link(Self.key(1)))
    let added = try index.fetched(Self.key(1), Self.file, lookAt: .second(50))
    #expect(added == 100)
    let addedAgain = try index.fetched(Self.key(1), Self.file, lookAt: .second(50))
    #expect(addedAgain == nil)
    let isFailedAfter = try index.failed(Self.key(1), reason: "late", lookAt: .second(50))
    #expect(!isFailedAfter)
    let isPostponedAfter = try index.again(Self.key(1), tries: 1, reason: "late", at: .second(50))
    #expect(!isPostponedAfter)
    let addedUnknown = try index.fetched(Self.key(9), Self.file, lookAt: .second(50))
    #expect(addedUnknown == nil)
  }

  @Test func aFileCountsOnceForEachSourceAndStaysWhileSomeEventNeedsIt() throws {
    try record(
      Self.link(Self.key(1)), Self.link(Self.key(2)), Self.link(Self.key(3), source: "other"))
    var added: [Int?] = []
    for event in 1...3 {
      added.append(try index.fetched(Self.key(UInt64(event)), Self.file, lookAt: .second(50)))
    }
    #expect(added == [100, 0, 100])
    #expect(try index.bytes() == ["huggy": 100, "other": 100])
    let firstEnd = try index.end([Self.key(1)], rememberedUntil: .second(90))
    #expect(firstEnd.unneeded.isEmpty && firstEnd.freed.isEmpty)
    #expect(try index.bytes() == ["huggy": 100, "other": 100])
    let secondEnd = try index.end([Self.key(2)], rememberedUntil: .second(90))
    #expect(secondEnd.unneeded.isEmpty && secondEnd.freed == ["huggy": 100])
    #expect(try index.bytes() == ["other": 100])
    let lastEnd = try index.end([Self.key(3)], rememberedUntil: .second(90))
    #expect(lastEnd.unneeded == [Self.file.hash] && lastEnd.freed == ["other": 100])
    #expect(try !index.needs(Self.file.hash))
  }

  @Test func whatEndedIsRememberedForAWhile() throws {
    try record(Self.link(Self.key(1)), Self.link(Self.key(2)))
    _ = try index.fetched(Self.key(1), Self.file, lookAt: .second(50))
    _ = try index.failed(Self.key(2), reason: "the origin answered 410", lookAt: .second(50))
    #expect(
      try index.attachments(of: Self.key(2).event).map(\.state)
        == [.failed(reason: "the origin answered 410")])
    let ended = try index.end([Self.key(1), Self.key(2)], rememberedUntil: .second(90))
    #expect(ended.count == 2)
    #expect(try index.attachments(of: Self.key(1).event).map(\.state) == [.ended])
    #expect(try index.attachments(of: Self.key(2).event).isEmpty)
    try index.forget(before: .second(89))
    #expect(try index.attachments(of: Self.key(1).event).count == 1)
    try index.forget(before: .second(90))
    #expect(try index.attachments(of: Self.key(1).event).isEmpty)
  }

  @Test func anErasureEndsAllOfItsEvents() throws {
    try record(Self.link(Self.key(1)), Self.link(Self.key(1, 1)), Self.link(Self.key(2)))
    _ = try index.fetched(Self.key(1), Self.file, lookAt: .second(50))
    let ended = try index.endAll(of: [Self.key(1).event], rememberedUntil: .second(90))
    #expect(ended.count == 2)
    #expect(ended.unneeded == [Self.file.hash])
    #expect(try index.pendingCount() == 1)
    let endedAgain = try index.endAll(of: [Self.key(1).event], rememberedUntil: .second(90))
    #expect(endedAgain.count == 0)
    // A fetch that ends after it changes nothing.
    let addedLate = try index.fetched(Self.key(1, 1), Self.file, lookAt: .second(50))
    #expect(addedLate == nil)
  }

  @Test func anotherKeepHasAllLookedAtAnew() throws {
    try record(Self.link(Self.key(1)))
    _ = try index.fetched(Self.key(1), Self.file, lookAt: .second(500))
    try index.look(again: [
      AttachmentLook(key: Self.key(1), due: .second(600), settledAt: .second(40))
    ])
    #expect(try index.nextLook() == .second(600))
    try index.keep(.seconds(60), of: "huggy", lookAt: .second(7))
    #expect(try index.nextLook() == .second(600))
    try index.keep(.seconds(5), of: "huggy", lookAt: .second(7))
    let kept = try #require(try index.toLookAt(at: .second(7), limit: 5).first)
    #expect(kept.keep == .seconds(5))
    #expect(kept.settledAt == .second(40) && kept.receivedAt == .second(5))
  }

  @Test func theOldestAreTheFirstReceived() throws {
    for event in [3, 1, 2] as [UInt64] {
      try record(Self.link(Self.key(event)))
      _ = try index.fetched(Self.key(event), Self.file, lookAt: .second(50))
    }
    try record(Self.link(Self.key(0)))
    let first = try index.oldest(of: "huggy", after: nil, limit: 2)
    #expect(first.map(\.key) == [Self.key(1), Self.key(2)])
    #expect(try index.oldest(of: "huggy", after: Self.key(2), limit: 2).map(\.key) == [Self.key(3)])
  }

  @Test func aLinkIsGoneFromTheFilesOnceItIsNotPending() throws {
    try record(Self.link(Self.key(1)))
    _ = try index.fetched(Self.key(1), Self.file, lookAt: .second(50))
    #expect(linkStands(in: "index.db-wal"))
    try index.cleanLog()
    #expect(!linkStands(in: "index.db") && !linkStands(in: "index.db-wal"))
  }

  private func linkStands(in name: String) -> Bool {
    String(decoding: (try? folder.contents(name)) ?? [], as: UTF8.self).contains("s3cret")
  }

  @Test func aClosedIndexSaysSo() throws {
    index.close()
    #expect(throws: StoreError.self) { try index.pendingCount() }
  }
}

extension TemporaryFolder {
  fileprivate func contents(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
  }
}
