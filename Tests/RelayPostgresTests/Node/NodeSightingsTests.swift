import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite(.timeLimit(.minutes(15)))
struct NodeSightingsTests {
  private func row(_ slot: Int, seen: Int, session: Int64 = 1) -> NodeRow {
    NodeRow(
      holding: SlotHolding(slot: slot, session: session),
      identity: NodeIdentity(name: "node", version: "1", configurationHash: "c"), seen: .second(seen),
      age: .seconds(3_600), hasWriter: true, hasWatch: true)
  }

  /// The seconds that each row was unchanged for.
  private func look(_ sightings: inout NodeSightings, _ rows: [NodeRow], sent: Int, received: Int)
    -> [Duration]
  {
    sightings.add(rows, sent: .second(sent), received: .second(received)).map(\.unchanged)
  }

  @Test func aRowIsUnchangedFromTheFirstAnswerThatShowedItToTheLastQuestion() {
    var sightings = NodeSightings()
    let looks = [
      look(&sightings, [row(1, seen: 7)], sent: 0, received: 1),
      look(&sightings, [row(1, seen: 7)], sent: 3, received: 9),
      look(&sightings, [row(1, seen: 7)], sent: 9, received: 9),
    ]
    #expect(looks == [[.zero], [.seconds(2)], [.seconds(8)]])
  }

  /// Its time is the server's, which may go back.
  @Test(arguments: [8, 6])
  func anyOtherHeartbeatIsANewOne(seen: Int) {
    var sightings = NodeSightings()
    _ = look(&sightings, [row(1, seen: 7)], sent: 0, received: 0)
    let changed = look(&sightings, [row(1, seen: seen)], sent: 5, received: 5)
    let later = look(&sightings, [row(1, seen: seen)], sent: 6, received: 6)
    #expect([changed, later] == [[.zero], [.seconds(1)]])
  }

  @Test func aSlotThatHasChangedHandsIsANewOne() {
    var sightings = NodeSightings()
    _ = look(&sightings, [row(1, seen: 7), row(2, seen: 7)], sent: 0, received: 0)
    let next = look(&sightings, [row(1, seen: 7, session: 2), row(2, seen: 7)], sent: 4, received: 4)
    #expect(next == [.zero, .seconds(4)])
  }

  @Test func whoWasAwayIsANewOne() {
    var sightings = NodeSightings()
    _ = look(&sightings, [row(1, seen: 7)], sent: 0, received: 0)
    _ = look(&sightings, [], sent: 1, received: 1)
    let again = look(&sightings, [row(1, seen: 7)], sent: 4, received: 4)
    #expect(again == [.zero])
  }

  /// The question of the same look can't have been sent before an answer had come; a clock that is set may say so.
  @Test func nothingIsUnchangedForLessThanNothing() {
    var sightings = NodeSightings()
    _ = look(&sightings, [row(1, seen: 7)], sent: 0, received: 9)
    let next = look(&sightings, [row(1, seen: 7)], sent: 5, received: 5)
    #expect(next == [.zero])
  }
}
