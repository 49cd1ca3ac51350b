import Foundation
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPipeline

/// How notices come over a restart, and what a disk that does not answer does to them.
@Suite struct NoticeKeepingTests {
  private static let down = NoticeState.on(since: .second(-600), "status 503")

  /// Who has told that the destination is down, and has kept that.
  private func keptByOneThatTold() async -> NoticeDesk.Keeper {
    let first = NoticeDesk([NoticeSamples.receiver()])
    first.isDown(Self.down)
    for _ in 0..<3 { await first.pass(.seconds(5)) }
    #expect(first.phases == ["began"])
    return first.keeper
  }

  /// Broken by two that read at the same time: the later one's book would take the place of one that has looked.
  @Test func whatWasKeptIsReadOnce() async {
    let keeper = await keptByOneThatTold()
    let before = keeper.loads.withLock { $0 }
    let desk = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(100))
    desk.isDown(Self.down)
    keeper.holdsLoad.update { $0 = true }
    let beginning = Task { await desk.notices.begin([]) }
    let turn = Task { _ = await desk.notices.turn() }
    try? await Task.sleep(for: .milliseconds(100))
    keeper.holdsLoad.update { $0 = false }
    await beginning.value
    await turn.value
    await desk.notices.settle(within: .seconds(60))
    #expect(keeper.loads.withLock { $0 } == before + 1)
    #expect(desk.phases == [])
  }

  /// A start must not wait for its disk; what comes late is gone on with.
  @Test func aDiskThatDoesNotSayWhatWasKeptHoldsUpNoStart() async {
    let keeper = await keptByOneThatTold()
    let kept = keeper.kept.withLock { $0 }
    let desk = NoticeDesk([NoticeSamples.receiver()], keeper: keeper, at: .second(100), isPatient: false)
    keeper.holdsLoad.update { $0 = true }
    await desk.notices.begin([])
    _ = await desk.notices.turn()
    #expect(keeper.kept.withLock { $0 } == kept, "what was not read is not written over")
    #expect(desk.recorder.lines.filter { $0.message.contains("go on without it") }.count == 1)
    keeper.holdsLoad.update { $0 = false }
    desk.isDown(.off)
    for _ in 0..<10_000 where desk.phases.isEmpty {
      desk.clock.advance(by: .seconds(5))
      _ = await desk.notices.turn()
      try? await Task.sleep(for: .milliseconds(1))
    }
    #expect(desk.phases == ["ended"])
    await desk.notices.settle(within: .seconds(60))
  }

  @Test func aDiskThatHangsHoldsUpNoStop() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    desk.keeper.holdsLoad.update { $0 = true }
    let run = Task { await desk.notices.run() }
    for _ in 0..<10_000 where desk.keeper.loads.withLock({ $0 }) == 0 {
      try? await Task.sleep(for: .milliseconds(1))
    }
    await desk.notices.stop(within: .milliseconds(50))
    desk.keeper.holdsLoad.update { $0 = false }
    await run.value
  }

  /// Broken by a stop that keeps only once: the next start would send it again.
  @Test func whatIsTakenAfterTheStopIsKept() async {
    let desk = NoticeDesk([NoticeSamples.receiver()])
    let isSlow = Monitor(true)
    desk.sender.onSend.withLock { $0 = { _ = isSlow.wait { $0 ? nil : true } } }
    desk.isDown(Self.down)
    _ = await desk.notices.turn()
    await desk.notices.stop(within: .milliseconds(20))
    isSlow.update { $0 = false }
    await desk.notices.settle(within: .seconds(60))
    let kept = KeptNotices(bytes: desk.keeper.kept.withLock { $0 } ?? [])
    #expect(kept?.desks.first?.waiting == [])
    #expect(desk.phases == ["began"])
  }
}
