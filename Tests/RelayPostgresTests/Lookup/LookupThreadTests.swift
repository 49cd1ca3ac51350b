import RelayCore
import RelayPostgresSupport
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayPostgres

/// It needs no server: sessions connect with their first reading.
@Suite(.timeLimit(.minutes(15)))
struct LookupThreadTests {
  private func thread() throws -> LookupThread {
    let address = try ServerAddress(url: "postgres://nobody@/none?host=/nonexistent")
    return LookupThread("look", kinds: 1) {
      LookupSession(LookupConnection(address, applicationName: "look"), clock: ManualClock())
    }
  }

  @Test func whatIsQueuedWhenTheTimeToCloseIsOverFails() async throws {
    let thread = try thread()
    let (isHeld, isFree) = (Monitor(false), Monitor(false))
    let answers = ["held", "queued", "late"].map { Promise<Result<Int, StoreError>>($0) }
    thread.ask({ answers[0].keep($0) }) { _ in
      isHeld.update { $0 = true }
      _ = isFree.wait(timeout: .seconds(600)) { $0 ? true : nil }
      return 1
    }
    _ = isHeld.wait(timeout: .seconds(600)) { $0 ? true : nil }
    thread.ask({ answers[1].keep($0) }) { _ in 2 }
    let isClosedAtOnce = thread.close(within: .zero)
    #expect(!isClosedAtOnce)
    thread.ask({ answers[2].keep($0) }) { _ in 3 }
    for answer in answers[1...] {
      let error = await #expect(throws: StoreError.self) { try await answer.value.get() }
      #expect(error?.code == .closed)
    }
    // What is under way is answered, and then the thread ends.
    isFree.update { $0 = true }
    #expect(try await answers[0].value.get() == 1)
    let isClosed = thread.close(within: .seconds(600))
    #expect(isClosed)
  }

  @Test func whatIsQueuedIsAnsweredWithinTheTimeToClose() async throws {
    let thread = try thread()
    let answers = (0..<3).map { Promise<Result<Int, StoreError>>("answer \($0)") }
    for (place, answer) in answers.enumerated() { thread.ask({ answer.keep($0) }) { _ in place } }
    let isClosed = thread.close(within: .seconds(600))
    #expect(isClosed)
    for (place, answer) in answers.enumerated() { #expect(try await answer.value.get() == place) }
  }
}
