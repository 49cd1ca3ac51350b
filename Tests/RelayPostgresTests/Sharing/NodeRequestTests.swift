import RelayCore
import RelayStoring
import Testing

@testable import RelayPostgres

@Suite("Requests as values") struct NodeRequestTests {
  private static let filter: DeliveryFilter = {
    var filter = DeliveryFilter(
      state: .dead, destination: "a b&c=d", type: "Ünïcode%", since: .second(1), until: .second(2))
    filter.deathReasons = [.permanent, .expired]
    filter.statuses = [.status(422), .statusClass(5), .noAnswer, .noAttempt]
    return filter
  }()

  private static let all: [NodeRequest] = [
    .change(.retry, .filter(filter)), .change(.discard, .filter(DeliveryFilter())),
    .change(.cancelForErasure, .ids([])),
    .change(.discard, .ids([DeliveryID(rawValue: 4096), DeliveryID(rawValue: .max)])),
    .change(.discard, .replay(7)), .pause(until: nil), .pause(until: .distantFuture), .endRetryAfter,
    .endReplay(as: .cancelled), .endReplay(as: .failed("why & how")),
  ]

  @Test(arguments: all) func whatIsWrittenIsReadAgain(_ request: NodeRequest) {
    #expect(NodeRequest(kind: request.kind.rawValue, text: request.text) == request)
  }

  @Test(
    arguments: [
      (0, ""), (0, "do=paint&of=ids&ids="), (0, "do=retry"), (0, "do=retry&of=filter&color=red"),
      (0, "do=retry&of=filter&state=alive"), (0, "do=retry&of=filter&reason=9"),
      (0, "do=retry&of=ids&ids=1.x"),
      (0, "do"), (1, "until=soon"), (2, "at=once"), (9, ""),
    ] as [(Int16, String)])
  func whatAnotherVersionHasWrittenIsNotTakenForSomethingElse(_ kind: Int16, _ text: String) {
    #expect(NodeRequest(kind: kind, text: text) == nil)
  }

  @Test(
    arguments: [
      .done, .endedRetryAfter(until: nil), .endedRetryAfter(until: .second(3)),
      .failed(StoreError(code: .full, message: "no room & no hope")),
    ] as [RequestAnswer])
  func anAnswerIsReadAgain(_ answer: RequestAnswer) {
    #expect(RequestAnswer(text: answer.text) == answer)
  }

  @Test func anAnswerOfAnotherVersionSaysSo() {
    #expect(RequestAnswer(text: "perhaps=") == .failed(.isOfAnotherVersion))
  }

  // MARK: What is begun

  private func row(
    _ id: Int64, _ kind: NodeRequest.Kind?, of target: Int32 = 1, answer: RequestAnswer? = nil
  ) -> RequestRow {
    RequestRow(
      id: id, kind: kind, target: target, asker: SlotHolding(slot: 7, session: 1), number: id, answer: answer)
  }

  @Test func whatConcernsOneDestinationIsDoneInOrder() {
    var underWay = RequestsUnderWay()
    let rows = [
      row(1, .change), row(2, .change), row(3, .pause), row(4, .endRetryAfter), row(5, .change, of: 2),
    ]
    #expect(underWay.begin(rows) { _ in true }.map(\.id) == [1, 3, 5])
    #expect(underWay.begin(rows) { _ in true } == [])
    #expect(underWay.end(3)?.id == 3 && underWay.end(3) == nil)
    #expect(underWay.begin(rows) { _ in true }.map(\.id) == [3])
    _ = underWay.end(3)
    _ = underWay.end(1)
    let rest = rows.filter { $0.id != 1 && $0.id != 3 }
    #expect(underWay.begin(rest) { _ in true }.map(\.id) == [2, 4])
  }

  @Test func whatIsAnotherOnesOrHasEndedIsLeft() {
    var underWay = RequestsUnderWay()
    var old = row(5, .change, of: 4)
    old.isFresh = false
    let rows = [
      row(1, .change, answer: .done), row(2, .change), row(3, .change, of: 2), row(4, nil, of: 3), old,
    ]
    #expect(underWay.begin(rows) { $0.target != 2 }.map(\.id) == [2, 4])
  }
}
