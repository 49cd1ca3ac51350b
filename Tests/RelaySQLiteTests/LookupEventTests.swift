import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What is shown of an event and of its deliveries.
struct LookupEventTests {
  private let bench: KeepingBench
  private let session: LookupSession

  init() throws {
    bench = try KeepingBench()
    session = try LookupSession(path: bench.path)
  }

  private func id(ofEvent row: Int64) throws -> EventID {
    let query = try bench.connection.prepare("SELECT uuid FROM event WHERE id = \(row)")
    #expect(try query.step())
    return EventID(bytes: query.bytes(0)!)
  }

  private func deliveries(ofEvent row: Int64 = 1) throws -> [DeliveryRecord] {
    try session.event(id(ofEvent: row))?.deliveries ?? []
  }

  private func microseconds(_ second: Int) -> Int64 { Timestamp.second(second).microseconds }

  @Test func anEventIsShownAsItWasStored() throws {
    try bench.add(at: 7, [], [])
    try bench.execute(
      """
      INSERT INTO route VALUES (2, 'sales'), (3, 'noise');
      UPDATE event SET type = 'createdChat', company = '15691', channel = 'whatsapp', chat = '77', routes = '3 1 2 9',
        dropped = 1, body = x'7B7D' WHERE id = 2;
      """)
    let event = try session.event(id(ofEvent: 2))
    var expected = EventRecord(
      id: try id(ofEvent: 2), place: EventCursor(rawValue: 2), type: "createdChat", source: "huggy",
      company: "15691", channel: "whatsapp", chat: "77", receivedAt: .second(7), configuration: "c1",
      routes: ["noise", "all", "sales", "#9"], isDropped: true, body: Array("{}".utf8), deliveries: [])
    expected.trace = TraceParent(madeFor: try id(ofEvent: 1))
    #expect(event == expected)
    #expect(try session.event(id(ofEvent: 1))?.company == nil)
    #expect(try session.event(id(ofEvent: 1))?.isDropped == false)
  }

  @Test func anEventThatTheStoreDoesNotHaveIsNone() throws {
    try bench.add(at: 0, [])
    #expect(try session.event(EventID(high: 1, low: 2)) == nil)
  }

  @Test func aNewEventIsSeenAtOnce() throws {
    for second in 0..<3 {
      let row = try bench.add(at: second, [.pending])[0]
      #expect(try session.event(id(ofEvent: row))?.deliveries.count == 1)
    }
  }

  @Test func deliveriesAreShownInOrderOfArrivalWithWhatTheirStateMeans() throws {
    try bench.add(
      at: 7, [.pending, .pending, .pending, .delivered(20), .dead(30), .discarded(40), .discarded(50)])
    try bench.execute(
      """
      UPDATE delivery SET state = 1, due = \(microseconds(90)), attempts = 3 WHERE id = 2;
      UPDATE delivery SET state = 2, attempts = 0 WHERE id = 3;
      UPDATE delivery SET attempts = 4 WHERE id = 4;
      UPDATE delivery SET attempts = 4, reason = 2, due = \(microseconds(1)), run = 1, destination = 2 WHERE id = 5;
      UPDATE delivery SET attempts = 0, reason = 4 WHERE id = 6;
      UPDATE delivery SET attempts = 2, reason = 5 WHERE id = 7;
      UPDATE delivery SET attempts = 0 WHERE id = 1;
      """)
    let event = try id(ofEvent: 1)
    func record(_ id: Int64, _ state: DeliveryState, attempts: Int, failures: Int) -> DeliveryRecord {
      DeliveryRecord(
        id: DeliveryID(rawValue: id), event: event, type: "createdChat", receivedAt: .second(7),
        destination: "crm", route: "all", configuration: "c1", run: 0, state: state, attempts: attempts,
        failureCount: failures)
    }
    var expected = [
      record(1, .fresh, attempts: 0, failures: 0), record(2, .retrying, attempts: 3, failures: 3),
      record(3, .waiting, attempts: 0, failures: 0), record(4, .delivered, attempts: 4, failures: 3),
      record(5, .dead, attempts: 4, failures: 4), record(6, .discarded, attempts: 0, failures: 0),
      record(7, .discarded, attempts: 2, failures: 2),
    ]
    expected[1].due = .second(90)
    expected[3].settledAt = .second(20)
    expected[4].settledAt = .second(30)
    expected[4].deathReason = .exhausted
    (expected[4].run, expected[4].destination) = (1, "bi")
    expected[5].settledAt = .second(40)
    expected[5].discardReason = .overflow
    expected[6].settledAt = .second(50)
    expected[6].discardReason = .person
    #expect(try deliveries() == expected)
  }

  @Test func theLastAttemptAndTheFailuresAreShownWithTheirAnswers() throws {
    try bench.add(at: 0, [.pending])
    try bench.execute(
      """
      UPDATE delivery SET state = 1, due = 0, attempts = 12, last_at = \(microseconds(60)), last_duration = 1500,
        last_status = 503, last_error = NULL;
      INSERT INTO failure (delivery, attempt, at, duration, status, error, answer)
        VALUES (1, 12, \(microseconds(60)), 1500, 503, NULL, x'6F6F7073');
      INSERT INTO failure (delivery, attempt, at, duration, status, error, answer)
        VALUES (1, 1, \(microseconds(5)), 2500, NULL, 'timeout: 10 s', NULL);
      """)
    let delivery = try #require(try deliveries().first)
    #expect(
      delivery.lastAttempt
        == DeliveryRecord.LastAttempt(
          at: .second(60), duration: .microseconds(1_500), status: 503, error: nil))
    #expect(
      delivery.failures == [
        DeliveryRecord.Failure(
          attempt: 1, at: .second(5), duration: .microseconds(2_500), status: nil, error: "timeout: 10 s",
          answer: nil),
        DeliveryRecord.Failure(
          attempt: 12, at: .second(60), duration: .microseconds(1_500), status: 503, error: nil,
          answer: Array("oops".utf8)),
      ])
    #expect(delivery.failureCount == 12)
  }

  @Test func aWaitingDeliveryNamesTheOneThatComesFirst() throws {
    for _ in 1...6 { try bench.add(at: 0, [.pending]) }
    try bench.execute(
      """
      UPDATE delivery SET order_key = 'huggy/1';
      UPDATE delivery SET state = 3, settled = 0 WHERE id = 1;
      UPDATE delivery SET state = 1, due = 0 WHERE id = 2;
      UPDATE delivery SET state = 2 WHERE id >= 3;
      UPDATE delivery SET order_key = 'huggy/2' WHERE id = 4;
      UPDATE delivery SET destination = 2 WHERE id = 5;
      """)
    let waiting = try (1...6).map { try deliveries(ofEvent: $0)[0].waitsFor?.rawValue }
    // The fourth and the fifth are the first of their own keys.
    #expect(waiting == [nil, nil, 2, nil, nil, 2])
  }

  // MARK: The oldest

  @Test func theOldestPendingIsTheOneThatArrivedFirstWhateverItWaitsFor() throws {
    for second in 1...6 { try bench.add(at: second, [.pending]) }
    #expect(try session.oldestPending() == ["crm": .second(1)])
    try bench.execute(
      """
      UPDATE delivery SET state = 3, settled = 0 WHERE id = 1;
      UPDATE delivery SET state = 4, settled = 0 WHERE id = 2;
      UPDATE delivery SET state = 2 WHERE id = 3;
      UPDATE delivery SET destination = 2, state = 1, due = 0 WHERE id = 5;
      UPDATE delivery SET destination = 2 WHERE id = 6;
      """)
    #expect(try session.oldestPending() == ["crm": .second(3), "bi": .second(5)])
    try bench.execute("UPDATE delivery SET state = 5, settled = 0")
    #expect(try session.oldestPending().isEmpty)
  }

  @Test func whatIsDueSinceWhenLeavesOutWhatWaitsForItsOrderKey() throws {
    for second in 1...4 { try bench.add(at: second, [.pending]) }
    #expect(try session.oldestDue() == ["crm": .second(1)])
    try bench.execute(
      """
      UPDATE delivery SET state = 2 WHERE id = 1;
      UPDATE delivery SET state = 1, due = \(Timestamp.second(9).microseconds) WHERE id = 2;
      UPDATE delivery SET arrived = \(Timestamp.second(8).microseconds) WHERE id = 3;
      UPDATE delivery SET destination = 2, state = 1, due = \(Timestamp.second(7).microseconds)
        WHERE id = 4;
      """)
    #expect(try session.oldestDue() == ["crm": .second(8), "bi": .second(7)])
    try bench.execute("UPDATE delivery SET state = 3, settled = 0 WHERE id = 3")
    #expect(try session.oldestDue() == ["crm": .second(9), "bi": .second(7)])
  }

  @Test func thePlacesOfDeliveriesAreTold() throws {
    try bench.add(at: 0, [.pending, KeepingBench.Row(state: .dead, settled: 0, destination: "bi"), .pending])
    func places(_ rows: Int64...) throws -> [DeliveryPlace] {
      try session.places(of: rows.map(DeliveryID.init))
    }
    func place(_ row: Int64, _ destination: String, _ state: DeliveryFilter.State) -> DeliveryPlace {
      DeliveryPlace(id: DeliveryID(rawValue: row), destination: destination, state: state)
    }
    #expect(
      try places(3, 2, 1) == [place(3, "crm", .pending), place(2, "bi", .dead), place(1, "crm", .pending)])
    #expect(try places(2, 99) == [place(2, "bi", .dead)])
    #expect(try places().isEmpty)
    try bench.execute("UPDATE delivery SET state = 5, settled = 0, reason = 3 + id WHERE id < 3")
    #expect(try places(1, 2) == [place(1, "crm", .overflowed), place(2, "bi", .discarded)])
  }
}
