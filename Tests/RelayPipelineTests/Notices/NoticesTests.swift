import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

@Suite struct NoticesTests {
  private static let down = NoticeState.on(since: .second(-600), "status 503")

  @Test func aBeginningAndAnEndAreToldOnceEach() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    await desk.pass(.zero)
    desk.isDown(Self.down)
    for _ in 0..<5 { await desk.pass(.seconds(5)) }
    desk.isDown(.off)
    for _ in 0..<20 { await desk.pass(.seconds(5)) }
    #expect(desk.phases == ["began", "ended"])
    #expect(desk.metrics.notices("ops").requests.counts.map(\.count) == [2, 0, 0])
  }

  @Test func whatIsNotTakenIsSentAgainUntilItIs() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.sender.replies.withLock {
      $0 = [
        NoticeReply(status: 503), NoticeReply(status: 410), NoticeReply(status: 302),
        NoticeReply(status: nil, failure: "connection refused"),
      ]
    }
    desk.isDown(Self.down)
    for _ in 0..<40 { await desk.pass(.seconds(5)) }
    #expect(desk.phases == Array(repeating: "began", count: 5))
    #expect(Set(desk.sender.ids).count == 1)
    #expect(desk.metrics.notices("ops").requests.counts.map(\.count) == [1, 4, 0])
    let warnings = desk.recorder.lines.filter { $0.message.contains("was not taken") }
    #expect(warnings.count == 1 && warnings[0].metadata["reason"] == "status 503")
  }

  /// `kill -9` between the answer and its record.
  @Test func whatWasNotRecordedIsSentAgainWithItsID() async throws {
    let keeper = NoticeDesk.Keeper()
    let first = NoticeDesk([NoticeSamples.receiver()], keeper: keeper)
    first.isDown(Self.down)
    // What is on disk while the receiver has it.
    let kept = Locked<[UInt8]?>(nil)
    first.sender.onSend.withLock { $0 = { kept.withLock { $0 = keeper.kept.withLock { $0 } } } }
    await first.pass(.zero)
    #expect(first.phases == ["began"])
    keeper.kept.withLock { $0 = kept.withLock { $0 } }
    let second = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(100))
    second.isDown(Self.down)
    for _ in 0..<5 { await second.pass(.seconds(5)) }
    #expect(second.sender.ids == first.sender.ids)
    // And once it is recorded, not again.
    let third = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(200))
    third.isDown(Self.down)
    for _ in 0..<5 { await third.pass(.seconds(5)) }
    #expect(third.sender.ids == [])
    third.isDown(.off)
    for _ in 0..<20 { await third.pass(.seconds(5)) }
    #expect(third.phases == ["ended"])
  }

  @Test func itIsOnDiskBeforeItIsSent() async throws {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.isDown(Self.down)
    let wasKept = Locked(false)
    desk.sender.onSend.withLock { [keeper = desk.keeper] in
      $0 = {
        let bytes = keeper.kept.withLock { $0 } ?? []
        let kept = KeptNotices(bytes: bytes)
        wasKept.withLock { $0 = kept?.desks.first?.waiting.count == 1 }
      }
    }
    await desk.pass(.zero)
    #expect(wasKept.withLock { $0 })
  }

  @Test func aDiskThatHangsHoldsNoNoticeBack() async {
    let desk = NoticeDesk([NoticeSamples.receiver()], isPatient: false)
    desk.keeper.hangs.update { $0 = true }
    desk.isDown(Self.down)
    _ = await desk.notices.turn()
    desk.isDown(.off)
    // Its threads are waited for: `settle` would wait for the disk.
    for _ in 0..<10_000 where desk.phases.count < 2 {
      desk.clock.advance(by: .seconds(5))
      _ = await desk.notices.turn()
      try? await Task.sleep(for: .milliseconds(1))
    }
    #expect(desk.phases == ["began", "ended"])
    desk.keeper.hangs.update { $0 = false }
    await desk.notices.settle(within: .seconds(60))
  }

  @Test func aDiskThatFailsIsToldInTheLogAndTriedAgain() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.keeper.error.withLock { $0 = NoticeFileError("no space left") }
    desk.isDown(Self.down)
    for _ in 0..<5 { await desk.pass(.seconds(5)) }
    #expect(desk.phases == ["began"])
    #expect(desk.recorder.lines.filter { $0.message.contains("can't be kept") }.count == 1)
    desk.keeper.error.withLock { $0 = nil }
    await desk.pass(.seconds(5))
    #expect(desk.keeper.saves.withLock { $0 } == 1)
  }

  @Test func nothingIsWrittenWhileNothingChanges() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    await desk.pass(.seconds(5))
    let before = desk.keeper.saves.withLock { $0 }
    for _ in 0..<50 { await desk.pass(.seconds(5)) }
    #expect(desk.keeper.saves.withLock { $0 } == before)
  }

  @Test func withoutReceiversNothingIsDoneAndNothingIsWritten() async {
    let desk = NoticeDesk([])
    desk.isDown(Self.down)
    #expect(await desk.pass(.seconds(1_000)) == nil)
    #expect(desk.keeper.saves.withLock { $0 } == 0 && desk.sender.ids.isEmpty)
  }

  @Test func aReloadTakesEffect() async {
    let desk = NoticeDesk([])
    desk.isDown(Self.down)
    await desk.pass(.zero)
    desk.active.replace(.telling([NoticeSamples.receiver("new")]))
    await desk.pass(.seconds(5))
    #expect(desk.phases == ["began"])
    desk.active.replace(.telling([]))
    desk.isDown(.off)
    await desk.pass(.seconds(500))
    #expect(desk.phases == ["began"])
    #expect(KeptNotices(bytes: desk.keeper.kept.withLock { $0 } ?? [])?.desks == [])
  }

  @Test func heartbeatsAreSentOnlyWhileItIsReady() async {
    let desk = NoticeDesk([
      NoticeSamples.receiver {
        $0.format = .heartbeat
        $0.every = .seconds(60)
      }
    ])
    await desk.pass(.zero)
    desk.isReady.withLock { $0 = false }
    for _ in 0..<24 { await desk.pass(.seconds(5)) }
    #expect(desk.sender.sent.withLock { $0.count } == 1)
    desk.isReady.withLock { $0 = true }
    for _ in 0..<24 { await desk.pass(.seconds(5)) }
    #expect(desk.sender.sent.withLock { $0.count } == 3)
    #expect(desk.sender.sent.withLock { $0 }.allSatisfy { $0.method == "GET" && $0.body == nil })
  }

  @Test func itLooksEveryFiveSecondsAndMoreOftenForAShortFor() async {
    #expect(await NoticeDesk([NoticeSamples.receiver()]).pass(.zero) == .seconds(5))
    let quick = NoticeSamples.receiver { $0.patience = .seconds(4) }
    #expect(await NoticeDesk([quick]).pass(.zero) == .seconds(2))
    let quickest = NoticeSamples.receiver { $0.patience = .zero }
    #expect(await NoticeDesk([quickest]).pass(.zero) == .seconds(1))
  }

  @Test func deadLettersFromBeforeAreNoNewsAndThoseOfACrashAre() async {
    var stored = StoredDestination(name: "crm")
    stored.dead = 3
    let keeper = NoticeDesk.Keeper()
    let key = NoticeSamples.key(.dead)
    let first = NoticeDesk([NoticeSamples.receiver()], keeper: keeper)
    await first.notices.begin([stored])
    first.facts.withLock { $0.counts = [key: NoticeCount(total: 0, stored: 3)] }
    await first.pass(.zero)
    first.facts.withLock { $0.counts = [key: NoticeCount(total: 1, stored: 4)] }
    await first.pass(.seconds(5))
    first.facts.withLock { $0.counts = [key: NoticeCount(total: 1, stored: 4)] }
    for _ in 0..<10 { await first.pass(.seconds(600)) }
    #expect(first.phases == ["began", "ended"])
    // One more, and killed before it was seen.
    stored.dead = 5
    let second = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(9_000))
    await second.notices.begin([stored])
    second.facts.withLock { $0.counts = [key: NoticeCount(total: 0, stored: 5)] }
    await second.pass(.zero)
    #expect(second.phases == ["began"])
  }

  @Test func tooManyThatWaitAreCounted() async {
    let desk = NoticeDesk([NoticeSamples.receiver { $0.patience = .zero }])
    desk.sender.replies.withLock { $0 = Array(repeating: NoticeReply(status: 500), count: 100) }
    desk.facts.withLock { facts in
      for number in 0..<30 {
        facts.states[NoticeSamples.key(.down, .destination("d\(number)"))] = .on()
      }
    }
    await desk.pass(.zero)
    #expect(desk.metrics.notices("ops").requests.counts.last?.count == 10)
    #expect(desk.recorder.lines.contains { $0.message.contains("let go of") })
  }

  @Test func itsAddressIsInNoLine() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.sender.replies.withLock {
      $0 = [NoticeReply(status: nil, failure: "can't reach https://chat.example/hooks/ops-s3cret")]
    }
    desk.isDown(Self.down)
    for _ in 0..<5 { await desk.pass(.seconds(5)) }
    _ = try? await desk.notices.test("ops")
    #expect(desk.phases.count == 3)
    for line in desk.recorder.lines {
      #expect(!line.message.contains("s3cret") && !line.metadata.values.contains { $0.contains("s3cret") })
    }
  }

  /// Broken by a mask of the new configuration's addresses alone.
  @Test func theAddressOfAnEntryThatAReloadEndedIsInNoLineEither() async {
    let desk = NoticeDesk([NoticeSamples.receiver("ops"), NoticeSamples.receiver("boss")])
    desk.sender.replies.withLock {
      $0 = Array(
        repeating: NoticeReply(
          status: nil, failure: "can't reach https://chat.example/hooks/ops-s3cret, nor /hooks/boss-s3cret"),
        count: 9)
    }
    desk.sender.onSend.withLock { [active = desk.active] in
      $0 = {
        active.replace(.telling([NoticeSamples.receiver("ops") { $0.url = Secret("https://new.example/") }]))
      }
    }
    desk.isDown(Self.down)
    for _ in 0..<3 { await desk.pass(.seconds(5)) }
    let lines = desk.recorder.lines.filter { $0.message.contains("was not taken") }
    #expect(lines.count == 2)
    let reasons = lines.compactMap { $0.metadata["reason"] }
    #expect(reasons.contains("can't reach [secret], nor /hooks/boss-s3cret"))
    #expect(reasons.contains { $0.hasSuffix("nor [secret]") })
  }

  /// Who never takes anything is named, with why, and since when.
  @Test func whoTakesNothingIsShownUntilSomethingIsTaken() async {
    let desk = NoticeDesk([
      NoticeSamples.receiver("ops"), NoticeSamples.receiver("boss"),
      NoticeSamples.receiver("dead-man") { $0.format = .heartbeat },
    ])
    desk.sender.replies.withLock {
      $0 = Array(
        repeating: NoticeReply(
          status: nil, failure: "can't reach https://chat.example/hooks/ops-s3cret"), count: 3)
    }
    desk.isDown(Self.down)
    _ = await desk.notices.turn()
    await desk.notices.settle(within: .seconds(60))
    desk.clock.advance(by: .seconds(4))
    let standings = desk.notices.standings
    #expect(standings.map(\.name) == ["ops", "boss", "dead-man"])
    #expect(standings.map(\.waiting) == [1, 1, 0])
    // One heartbeat that was lost is not told.
    #expect(standings.map(\.failingFor) == [.seconds(4), .seconds(4), nil])
    #expect(standings[0].lastFailure == "can't reach [secret]")
    for _ in 0..<60 { await desk.pass(.seconds(5)) }
    for standing in desk.notices.standings {
      #expect(standing.failingFor == nil && standing.lastFailure == nil && standing.waiting == 0)
    }
  }

  /// A relay that ends every minute, by a kill, and never gets as far as to see its destination down for five minutes.
  @Test func aRelayThatEndsAgainAndAgainTellsAllTheSame() async {
    let keeper = NoticeDesk.Keeper()
    var phases: [String] = []
    for start in stride(from: 0, through: 360, by: 60) {
      let desk = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(start))
      await desk.notices.begin([])
      desk.isDown(.unknown)
      await desk.pass(.zero)
      desk.isDown(start == 0 ? .on("status 503") : .persists("status 503"))
      for _ in 0..<10 { await desk.pass(.seconds(5)) }
      phases += desk.phases
    }
    #expect(phases == ["began"])
  }

  /// Broken by what only a write that tells something takes along.
  @Test func whatAStopLeavesIsOfTheStop() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.isDown(.on("status 503"))
    await desk.pass(.zero)
    await desk.pass(.seconds(10))
    await desk.notices.stop(within: .seconds(60))
    #expect(desk.kept?.beginnings.values.first == .init(since: .second(0), seen: .second(10)))
  }

  /// Broken by a start that does not look into what was left: weeks later it would be told.
  @Test func whatWaitedWhenNotifyWasTakenOutIsNotSentWhenItIsBack() async {
    let keeper = NoticeDesk.Keeper()
    let first = NoticeDesk([NoticeSamples.receiver()], keeper: keeper)
    first.sender.replies.withLock { $0 = Array(repeating: NoticeReply(status: 500), count: 100) }
    first.isDown(Self.down)
    await first.pass(.zero)
    #expect(first.kept?.desks.first?.waiting.count == 1)
    let second = NoticeDesk([], keeper: keeper, at: .second(100))
    await second.notices.begin([])
    await second.notices.settle(within: .seconds(60))
    await second.pass(.zero)
    #expect(second.kept == KeptNotices())
    let saves = keeper.saves.withLock { $0 }
    await second.pass(.seconds(1_000))
    #expect(keeper.saves.withLock { $0 } == saves)
    let third = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(1_000_000))
    await third.notices.begin([])
    third.isDown(.off)
    for _ in 0..<20 { await third.pass(.seconds(5)) }
    #expect(third.phases == [])
  }

  @Test func withoutNotifyNothingIsMadeOnDisk() async {
    let desk = NoticeDesk([])
    await desk.notices.begin([])
    await desk.notices.settle(within: .seconds(60))
    await desk.pass(.seconds(5))
    #expect(desk.keeper.loads.withLock { $0 } == 0 && desk.keeper.saves.withLock { $0 } == 0)
  }

  @Test func aTestShowsWhatWasAnsweredWithoutSecrets() async throws {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.sender.replies.withLock {
      $0 = [NoticeReply(status: 404, body: Array("no hook at /hooks/ops-s3cret".utf8))]
    }
    let report = try await desk.notices.test("ops")
    #expect(report.reply.status == 404 && report.method == "POST" && report.format == .json)
    #expect(String(decoding: report.reply.body, as: UTF8.self) == "no hook at [secret]")
    await #expect(throws: OperationError.self) { try await desk.notices.test("opps") }
    #expect(desk.metrics.notices("ops").requests.counts.allSatisfy { $0.count == 0 })
  }
}
