import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct LiveNodesTests {
  private func row(
    _ slot: Int, session: Int64 = 1, age: Duration = .zero, unchanged: Duration = .zero, writer: Bool = true,
    watch: Bool = true, takenOver: Bool = false, name: String = "node"
  ) -> NodeRow {
    NodeRow(
      holding: SlotHolding(slot: slot, session: session),
      identity: NodeIdentity(name: name, version: "1", configurationHash: "c"), seen: .second(slot),
      age: age, unchanged: unchanged, hasWriter: writer, hasWatch: watch, isTakenOver: takenOver)
  }

  private func nodes(_ rows: [NodeRow], judges: Bool = true) -> LiveNodes {
    LiveNodes(rows, own: 0, times: .standard, judges: judges)
  }

  private func over(_ slot: Int, hasSessions: Bool) -> LiveNodes.Over {
    LiveNodes.Over(
      holding: SlotHolding(slot: slot, session: 1), seen: .second(slot), hasSessions: hasSessions)
  }

  @Test func aNodeLivesWhileItIsSeenAndOneOfItsConnectionsIsThere() {
    let found = nodes([
      row(2, unchanged: .seconds(4), writer: false), row(0),
      row(1, unchanged: .milliseconds(4_999), watch: false),
    ])
    #expect(found.slots == [0, 1, 2])
    #expect(found.over == [])
  }

  /// It may have lost them, and make them again.
  @Test func aNodeWhoseConnectionsAreBothGoneIsOverOnceItHadTimeToMakeThemAgain() {
    let blinking = nodes([row(0), row(1, age: .milliseconds(699), writer: false, watch: false)])
    #expect(blinking.slots == [0, 1])
    #expect(blinking.over == [])
    #expect(blinking.nextOver == .milliseconds(1))
    let found = nodes([row(0), row(1, age: .milliseconds(700), writer: false, watch: false)])
    #expect(found.slots == [0])
    #expect(found.over == [over(1, hasSessions: false)])
    // Also where the server's clock was set back since.
    let back = row(1, age: .seconds(-3_600), unchanged: .milliseconds(700), writer: false, watch: false)
    #expect(nodes([row(0), back]).over == [over(1, hasSessions: false)])
  }

  @Test(arguments: [(true, true), (true, false), (false, true)])
  func aNodeThatWasNotSeenForALeaseIsOverAndItsSessionsAreToBeEnded(writer: Bool, watch: Bool) {
    let found = nodes([row(0), row(1, unchanged: .seconds(5), writer: writer, watch: watch)])
    #expect(found.slots == [0])
    #expect(found.over == [over(1, hasSessions: true)])
  }

  /// It jumps for all of them at once, and each is sure that it holds its lease.
  @Test(arguments: [Duration.seconds(3_600), .seconds(-3_600)])
  func whatTheServersClockShowsEndsNobodyWhoIsThere(age: Duration) {
    let found = nodes([row(0), row(1, age: age), row(2, age: age, unchanged: .seconds(5))])
    #expect(found.slots == [0, 1])
    #expect(found.over == [over(2, hasSessions: true)])
  }

  @Test func itIsKnownWhenTheNextNodeWouldBeOver() {
    let rows = [row(0, unchanged: .seconds(60)), row(1, unchanged: .seconds(3)), row(2)]
    #expect(nodes(rows).nextOver == .seconds(2))
    #expect(nodes(rows, judges: false).nextOver == nil)
  }

  @Test func whoDoesNotJudgeYetTakesAllOthersForAlive() {
    let rows = [
      row(0), row(1, age: .seconds(60), unchanged: .seconds(60)), row(2, writer: false, watch: false),
      row(3, writer: false, takenOver: true),
    ]
    let found = nodes(rows, judges: false)
    #expect(found.slots == [0, 1, 2])
    #expect(found.over == [])
  }

  @Test func aSlotThatIsBeingTakenOverIsNobodysAndIsOverAgainWhenItsTakerDies() {
    let taken = nodes([row(0), row(1, unchanged: .seconds(60), watch: false, takenOver: true)])
    #expect(taken.slots == [0])
    #expect(taken.over == [])
    let orphaned = nodes([row(0), row(1, writer: false, watch: false, takenOver: true)])
    #expect(orphaned.slots == [0])
    #expect(orphaned.over == [over(1, hasSessions: false)])
  }

  @Test func aNodeNeverTakesItselfForOver() {
    let own = row(0, age: .seconds(60), unchanged: .seconds(60), writer: false, watch: false)
    #expect(nodes([own]).slots == [0])
  }

  @Test func whenTheyWereSeenMakesNoOtherNodes() {
    let before = nodes([row(0), row(1)])
    #expect(before.isSame(as: nodes([row(1, unchanged: .seconds(3)), row(0)])))
    #expect(!before.isSame(as: nodes([row(0), row(1, session: 2)])))
    #expect(!before.isSame(as: nodes([row(0), row(1, name: "other")])))
    #expect(!before.isSame(as: nodes([row(0)])))
    #expect(!before.isSame(as: nodes([row(0), row(1), row(2, unchanged: .seconds(9), writer: false)])))
  }
}
