import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayStoring

@Suite(.timeLimit(.minutes(15)))
struct StoreThreadTests {
  private func start(
    _ open:
      @escaping @Sendable (_ wake: @escaping @Sendable () -> Void) throws(StoreError) -> (
        ScriptedBackend, Int
      )
  ) throws(StoreError) -> (StoreThread, Int) {
    try StoreThread.start(
      hanging: .silent, after: .seconds(60), clock: ManualClock(), observer: nil, open: open)
  }

  @Test func whatIsKnownOfAStoreThatIsOpenComesOutside() async throws {
    let (thread, known) = try start { _ in (ScriptedBackend(), 7) }
    #expect(known == 7)
    let sign = Promise<Void>("a sign of life")
    thread.post(.read(.ping { sign.keep(()) }))
    await sign.value
    thread.close()
  }

  @Test func aStoreThatCantBeOpenedSaysWhy() {
    #expect(throws: StoreError.broken) { try start { _ throws(StoreError) in throw .broken } }
  }

  @Test func whatIsAskedOfAStoreThatIsClosedIsRefusedAtOnce() throws {
    let (thread, _) = try start { _ in (ScriptedBackend(), 0) }
    let isClosed = thread.close(within: .seconds(60))
    #expect(isClosed)
    let refusal = Locked<StoreError?>(nil)
    thread.post(.job(.own(CountedWork(steps: 1) { error in refusal.withLock { $0 = error } })))
    #expect(refusal.withLock { $0 } == .closed)
  }

  @Test func whatWakesItMakesItComeForMore() throws {
    let tended = Monitor(0)
    let wake = Monitor<(@Sendable () -> Void)?>(nil)
    let (thread, _) = try start { awaken in
      wake.update { $0 = awaken }
      let backend = ScriptedBackend()
      backend.tended = { tended.update { $0 += 1 } }
      return (backend, 0)
    }
    for count in 1...3 {
      wake.update { $0 }?()
      let isTended = tended.wait(timeout: .seconds(60)) { $0 >= count ? true : nil }
      try #require(isTended == true)
    }
    thread.close()
  }
}
