import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What is kept of attempts, for whoever asks why.
struct AttemptRowTests {
  private let bench: SessionBench
  private let delivery: Delivery

  init() throws {
    bench = try SessionBench()
    delivery = try bench.stored(bench.make.envelope())[0]
  }

  private func fail(_ attempts: Int, _ response: AttemptResult.Response) {
    let attempt = AttemptResult(
      startedAt: .second(attempts), duration: .microseconds(1_234), response: response)
    _ = bench.write(settle: [
      Settlement(
        delivery: delivery.id, attempts: attempts, attempt: attempt, outcome: .retry(at: .second(99)))
    ])
  }

  @Test func theFirstFailureAndTheLastNineAreKept() throws {
    var kept: [[String]] = []
    for attempt in 1...30 {
      fail(attempt, .status(500 + attempt, body: [], retryAfter: nil))
      if [9, 10, 11, 30].contains(attempt) {
        kept.append(try bench.session.connection.texts("SELECT attempt FROM failure ORDER BY attempt"))
      }
    }
    let expected = [Array(1...9), Array(1...10), [1] + Array(3...11), [1] + Array(22...30)]
    #expect(kept == expected.map { $0.map(String.init) })
  }

  /// One that a person has put back is delivered by its first attempt, too, and had a time of its own.
  @Test func whatIsDeliveredIsDueNoMore() throws {
    bench.release([delivery])
    #expect(try bench.change(.discard, .filter(DeliveryFilter())) == 1)
    #expect(try bench.change(.retry(at: .second(1)), .ids([delivery.id])) == 1)
    let again = try bench.session.claims.claim(
      ClaimRequest(destination: "crm", kind: .retrying, now: .second(1), limit: 9, byteLimit: .max))
    #expect(again.ids == [delivery.id])
    #expect(bench.settle(again.deliveries[0].settled(.delivered)).isEmpty)
    #expect(bench.session.destinations.all.books["crm"] == Books(delivered: 1, discarded: 0))
    #expect(
      try bench.session.connection.texts("SELECT id FROM delivery WHERE due IS NULL AND attempts = 1") == [
        "1"
      ])
  }

  @Test func aFailureKeepsItsTimesItsStatusAndTheStartOfTheAnswer() throws {
    fail(1, .status(503, body: [UInt8](repeating: 0x61, count: 5_000), retryAfter: .seconds(1)))
    fail(2, .failure(TransportFailure(kind: .connectTimeout, message: "crm.internal took 5 s")))
    let rows = try bench.session.connection.texts(
      """
      SELECT at || ' ' || duration || ' ' || ifnull(status, '-') || ' ' || ifnull(error, '-') || ' '
        || ifnull(length(answer), '-') FROM failure ORDER BY attempt
      """)
    #expect(
      rows == [
        "\(Timestamp.second(1).microseconds) 1234 503 - 1024",
        "\(Timestamp.second(2).microseconds) 1234 - connect timeout: crm.internal took 5 s -",
      ])
  }

  @Test func aSuccessLeavesNoFailureAndTheTimeItWasSettled() throws {
    bench.clock.set(.second(77))
    _ = bench.write(settle: [delivery.settled(.delivered)])
    #expect(try bench.count("failure") == 0)
    let settled = try bench.session.connection.integer("SELECT settled FROM delivery")
    #expect(settled == Timestamp.second(77).microseconds)
  }

  @Test func anOutcomeThatComesTooLateLeavesNoFailure() throws {
    _ = bench.write(settle: [delivery.settled(.delivered)])
    fail(2, .status(500, body: [], retryAfter: nil))
    #expect(try bench.count("failure") == 0)
  }

  @Test func theReaderShowsWhatThereIs() throws {
    let more = try bench.stored(bench.make.envelope(to: ["bi", "audit"]))
    fail(1, .failure(TransportFailure(kind: .reset, message: "by peer")))
    _ = bench.write(settle: [more[0].settled(.dead(.exhausted), status: 502, attempts: 4)])
    let reader = try StoreReader(path: bench.home.path)
    #expect(try reader.eventIDs() == [delivery.event.id, more[0].event.id])
    let rows = try reader.deliveries()
    #expect(rows.map(\.destination) == ["crm", "bi", "audit"])
    #expect(rows.map(\.event) == [delivery.event.id, more[0].event.id, more[0].event.id])
    #expect(rows.map(\.state) == [.retrying, .dead, .fresh])
    #expect(rows.map(\.attempts) == [1, 4, 0])
    #expect(rows.map(\.reason) == [nil, .exhausted, nil])
    #expect(rows.map(\.lastStatus) == [nil, 502, nil])
    #expect(rows.map(\.lastError) == ["connection reset: by peer", nil, nil])
    #expect(try reader.pendingCount() == 2)
  }

  @Test func theReaderReadsAStoreThatNobodyHasOpen() throws {
    let path = bench.home.path
    let store = try SQLiteHome()
    try SQLiteStore(path: store.path, clock: bench.clock).close()
    #expect(try StoreReader(path: store.path).eventIDs().isEmpty)
    #expect(throws: StoreError.self) { try StoreReader(path: path + ".missing") }
  }
}
