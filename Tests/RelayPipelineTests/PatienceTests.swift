import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

struct PatienceTests {
  /// Time that passes when the test says so.
  private let time = Promise<Void>("the end of the patience")

  private var patience: Patience { Patience(.seconds(1), sleep: { [time] _ in await time.value }) }

  @Test func whoAsksWaitsNoLongerThanThat() async {
    let never = Promise<Int>("what nobody brings", otherwise: 0)
    time.keep(())
    let error = await #expect(throws: StoreError.self) {
      _ = try await patience.wait { () async throws(StoreError) in await never.value }
    }
    #expect(error?.code == .hanging)
    // It goes on all the same, for nobody.
    never.keep(7)
  }

  @Test func anAnswerInTimeIsTheAnswer() async throws {
    #expect(try await patience.wait { () async throws(StoreError) in 7 } == 7)
    time.keep(())
  }

  @Test func anErrorInTimeIsTheError() async {
    let error = await #expect(throws: StoreError.self) {
      try await patience.wait { () async throws(StoreError) in
        throw StoreError(code: .full, message: "no room")
      }
    }
    #expect(error == StoreError(code: .full, message: "no room"))
    time.keep(())
  }
}
