import Foundation
import NIOCore
import NIOPosix
import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelayAdmin
@testable import RelayPipeline

/// `GET /api/v1/stream`, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct StreamTests {
  private let path = "/api/v1/stream"
  private let envelopes = TestEnvelopes()

  private func received(_ count: Int = 1, body: String = "{}") -> LiveNews {
    .received(envelopes.envelope(events: count, body: Array(body.utf8)).events)
  }

  @Test func aStreamBeginsAtOnceWithWhatProxiesMustBeTold() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      try await StreamClient.get(path, from: server) { client in
        try await client.read(until: "retry: ")
        #expect(client.text.contains("retry: "))
        let head = RawAnswer(Array(client.text.utf8))
        #expect(head.status == 200)
        #expect(head.header("content-type") == "text/event-stream")
        #expect(head.header("cache-control") == "no-store, no-transform")
        #expect(head.header("x-accel-buffering") == "no")
        #expect(head.header("transfer-encoding") == "chunked")
        operations.feed.tell(received())
        try await client.read(until: "event: received\ndata: {")
        #expect(client.text.contains("event: received\ndata: {"))
      }
    }
  }

  /// nginx asks what is behind it by HTTP/1.0, and ends the answer where the connection ends.
  @Test func aClientOfHTTP10GetsNoChunksAndTheEndOfTheConnection() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      try await StreamClient.get(path, version: "1.0", from: server) { client in
        try await client.read(until: "retry: ")
        operations.feed.tell(received())
        try await client.read(until: "event: received")
        operations.feed.stop()
        let answer = try await client.readToEnd()
        #expect(answer.text.hasPrefix("HTTP/1.0 200 "))
        #expect(answer.header("transfer-encoding") == nil)
        #expect(answer.header("connection") == "close")
        #expect(answer.body.hasPrefix(": huggy-relay\n"))
        #expect(answer.body.contains("\n\nretry: "), "the last thing is when to come again")
      }
    }
  }

  @Test func aReaderGoesOnAfterTheLastMessageThatItHad() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      var last = ""
      try await StreamClient.get(path, from: server) { client in
        try await client.read(until: "retry: ")
        operations.feed.tell(received(3))
        try await client.read(until: ".3\n")
        let line = client.text.split(separator: "\n").first { $0.hasPrefix("id: ") && $0.hasSuffix(".2") }
        last = String(try #require(line).dropFirst(4))
      }
      operations.feed.tell(received(1))
      for (query, headers) in [("?last_event_id=\(last)", []), ("", ["Last-Event-ID: \(last)"])] {
        try await StreamClient.get(path + query, headers: headers, from: server) { client in
          try await client.read(until: ".4\nevent: received")
          #expect(client.text.contains(".4\nevent: received"))
          #expect(client.text.components(separatedBy: "event: received").count == 3)
          #expect(!client.text.contains("missed"))
        }
      }
    }
  }

  @Test func oneReaderTooManyIsToldInAWayThatABrowserComesBackFrom() async throws {
    let operations = FakeOperations()
    operations.limit { $0.readers = 1 }
    try await withServer(operations) { server in
      try await StreamClient.get(path, from: server) { client in
        try await client.read(until: "retry: ")
        let browser = try await server.get(path, headers: ["Accept: text/event-stream"])
        #expect(browser.status == 200)
        #expect(browser.header("content-type") == "text/event-stream")
        #expect(browser.body.hasPrefix("retry: "))
        #expect(browser.body.contains("event: overloaded\ndata: {\"kind\":\"overloaded\","))
        let wait = Int(browser.body.dropFirst(7).prefix { $0 != "\n" }) ?? 0
        #expect((15_000..<25_000).contains(wait))
        let script = try await server.get(path)
        #expect(script.status == 503)
        #expect(script.header("retry-after") == "15")
      }
    }
  }

  /// Broken by a reader that is noticed only when something is written for it.
  @Test func aReaderThatLeavesFreesItsPlaceAtOnce() async throws {
    let operations = FakeOperations()
    operations.limit { $0.heartbeat = .seconds(3_600) }
    try await withServer(operations) { server in
      try await StreamClient.get(path, from: server) { client in
        try await client.read(until: "retry: ")
        #expect(operations.feed.readerCount == 1)
      }
      operations.waitUntilLeft(by: 1)
      #expect(operations.feed.readerCount == 0)
    }
  }

  /// Broken by a stream whose stalled reader holds its place, and what was written for it.
  @Test func aReaderThatTakesNothingLosesItsPlace() async throws {
    let operations = FakeOperations()
    try await withServer(operations, stallTimeout: .milliseconds(50)) { server in
      let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .channelOption(.autoRead, value: false)
        .connect(host: server.address.host, port: server.address.port).get()
      try await client.writeAndFlush(
        ByteBuffer(string: "GET \(path)?bodies=true HTTP/1.1\r\nHost: localhost\r\n\r\n"))
      while operations.feed.readerCount == 0 { await Task.yield() }
      // One that keeps up says when each has come into the ring.
      let other = try #require(operations.feed.join(LiveSubscription(withBodies: true)))
      _ = await other.next()
      let large = received(1, body: "{\"a\":\"\(String(repeating: "x", count: 1 << 20))\"}")
      // More than two sockets hold.
      for _ in 0..<64 {
        operations.feed.tell(large)
        _ = await other.next()
      }
      operations.waitUntilLeft(by: 1)
      #expect(operations.feed.readerCount == 1, "the other has gone")
      other.close()
      try await client.close()
    }
  }

  @Test func aShutdownEndsStreamsInOrderAndDoesNotWaitForThem() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      try await StreamClient.get(path, from: server) { client in
        try await client.read(until: "retry: ")
        let started = ContinuousClock.now
        await server.server.shutdown(within: .seconds(60))
        #expect(started.duration(to: .now) < .seconds(30))
        let answer = try await client.readToEnd()
        #expect(answer.body.hasSuffix("\r\n0\r\n\r\n"), "its last chunk is there")
        #expect(answer.body.components(separatedBy: "retry: ").count == 3)
      }
    }
  }

  @Test(arguments: [
    ("kinds=recieved", "received"), ("until=1h", "until"), ("last_event_id=5", "evt_"),
    ("route=a&kinds=settled", "route"),
    ("bodys=true", "bodies"), ("outcome=lost", "outcome"),
  ])
  func whatCanNotBeMeantIsRefusedWithWhatWouldBeRight(query: String, hint: String) async throws {
    try await withServer { server in
      let answer = try await server.get("\(path)?\(query)")
      #expect(answer.status == 400)
      #expect(answer.body.contains(hint), "\(answer.body)")
    }
  }

  @Test(arguments: ["bodies=true", "text=boleto"]) func whoMayNotSeeBodiesIsToldNothingOfThem(query: String)
    async throws
  {
    let endpoint = try #require(EndpointTable.relay.place(at: path)?.endpoint(for: "GET"))
    let api = AdminAPI(
      operations: FakeOperations(), access: AdminAccess(), clock: FixedClock(), logger: .init(label: "test"))
    let viewer = Caller(name: "ana", role: .viewer)
    let refused = await api.answer(endpoint, AdminRequest(caller: viewer, query: query))
    #expect(refused.status == 403)
    let allowed = await api.answer(endpoint, AdminRequest(caller: viewer, query: "kinds=received"))
    #expect(allowed.status == 200)
  }

  /// Broken by a stream that is let in once and for all: whose token is taken away would go on seeing what happens.
  @Test func aStreamEndsOnceItsReaderWouldNotBeLetInAnyMore() async throws {
    let endpoint = try #require(EndpointTable.relay.place(at: path)?.endpoint(for: "GET"))
    let operations = FakeOperations()
    let api = AdminAPI(
      operations: operations, access: AdminAccess(), clock: FixedClock(), logger: .init(label: "test"))
    let isAllowed = Locked(true)
    let answer = await api.answer(
      endpoint,
      AdminRequest(
        caller: Caller(name: "ana", role: .viewer), isStillAllowed: { isAllowed.withLock { $0 } }))
    guard case .pieces(let pieces) = answer.body else {
      Issue.record("it has no pieces")
      return
    }
    var iterator = pieces.iterate()
    let first = try await iterator.next()
    #expect(first != nil)
    isAllowed.withLock { $0 = false }
    // It is looked at once a second.
    let limit = ContinuousClock.now.advanced(by: .seconds(60))
    var isOver = false
    while !isOver, ContinuousClock.now < limit {
      operations.feed.tell(received())
      isOver = try await iterator.next() == nil
    }
    #expect(isOver)
    pieces.onEnd()
  }

  /// What is written is written by hand, since it is written often: here it is held against what the API declares.
  @Test func eachMessageHasTheFieldsThatAreDeclared() throws {
    let event = envelopes.envelope().events[0].event
    let delivery = Delivery(id: DeliveryID(rawValue: 7), event: event, destination: "crm", since: .epoch)
    var writer = LiveWriter(first: 1, after: event.id, offset: .zero, withBodies: true)
    writer.write(received())
    writer.write(
      .settled([SettledAttempt(settlement: delivery.settled(.dead(.expired)), delivery: delivery)]))
    writer.write(.discarded(3, destination: "crm", reason: .overflow))
    let segment = try #require(writer.segment())
    let text = String(
      decoding: try #require(segment.withBodies)[0..<3] + StreamText.missed(nil, "late")[...]
        + LiveStream(feed: LiveFeed(clock: ManualClock())).refusal()[...], as: UTF8.self)
    var parser = EventStreamParser()
    var messages: [EventStreamParser.Message] = []
    _ = Array(text.utf8).withUnsafeBytes {
      parser.read($0) {
        messages.append($0); return true
      }
    }
    let records: [any Record.Type] = [
      ReceivedMessage.self, SettledMessage.self, DiscardedMessage.self, MissedMessage.self,
      OverloadedMessage.self,
    ]
    #expect(messages.map(\.name) == ["received", "settled", "discarded", "missed", "overloaded"])
    let described = SchemaCheck(document: JSONInput.parse(OpenAPI(table: .relay, version: "1").json)!)
    for (message, record) in zip(messages, records) {
      let object = try JSONSerialization.jsonObject(with: Data(message.data)) as? [String: Any]
      #expect(object?.keys.sorted() == record.fields(in: .answer).map(\.name).sorted())
      let schema = try #require(described.part("components", "schemas", RecordType(type: record).name))
      let problems = described.problems(of: try #require(JSONInput.parse(message.data)), by: schema)
      #expect(problems.isEmpty, "\(message.name): \(problems)")
      if case .other = try StreamMessage(message.name, message.data) {
        Issue.record("\(message.name) is not read")
      }
    }
  }
}
