import RelayCore
import Testing

@testable import RelayPipeline

/// Why no attempt starts.
@Suite struct AttemptHoldTests {
  private static let failing = StoreCondition(
    refusal: StoreError(code: .failing, message: "no luck"), holdsSettlements: true)

  @Test func nothingIsHeldWhileTheStoreIsWell() {
    #expect(AttemptHold(StoreCondition(), lack: nil, stall: nil) == nil)
    #expect(
      AttemptHold(StoreCondition(), lack: nil, stall: .standbyMissing) == nil, "the commit may come back yet")
  }

  @Test func itSaysWhatIsLackingAndSinceWhen() {
    let unconfirmed = AttemptHold(StoreCondition(), lack: .unconfirmed(since: .second(3)), stall: nil)
    #expect(unconfirmed?.code == .leaseUnconfirmed && unconfirmed?.since == .second(3))
    let away = AttemptHold(
      Self.failing, lack: .unreachable(since: .second(3), reason: "connection refused"), stall: nil)
    #expect(away?.code == .serverUnreachable && away?.since == .second(3))
    #expect(away?.reason.hasSuffix(": connection refused") == true)
    #expect(AttemptHold(StoreCondition(), lack: .placeLost, stall: nil)?.code == .placeLost)
  }

  @Test func whatCantBeRecordedSaysWhy() {
    let unrecorded = AttemptHold(Self.failing, lack: nil, stall: nil)
    #expect(unrecorded?.code == .unrecorded)
    #expect(unrecorded?.reason == "what comes of them can't be recorded: no luck")
    let doubt = StoreStall.inDoubt(reason: "connection refused")
    let doubtful = AttemptHold(Self.failing, lack: nil, stall: doubt)
    #expect(doubtful?.code == .unrecorded && doubtful?.reason.hasSuffix(doubt.text) == true)
    let missing = AttemptHold(Self.failing, lack: .unconfirmed(since: nil), stall: .standbyMissing)
    #expect(missing == AttemptHold(.standbyMissing, reason: StoreStall.standbyMissing.text))
  }
}
