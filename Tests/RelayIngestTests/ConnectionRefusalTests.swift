import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite struct ConnectionRefusalTests {
  typealias Refused = RecordingReceiver.Refused

  @Test func aWrongMethodIsToldTheRightOnes() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("GET", "/huggy"))
    #expect(try connection.output().contains("allow: POST, PUT\r\n"))
    connection.send(Requests.post(path: "/healthz"))
    #expect(try connection.output().contains("allow: GET, HEAD\r\n"))
    #expect(!connection.isClosed)
    #expect(
      connection.receiver.refused
        == [Refused(path: "/huggy", status: 405), Refused(path: "/healthz", status: 405)])
  }

  @Test(arguments: ["DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE"])
  func methodsThatNobodyUsesAreRefused(_ method: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head(method, "/huggy"))
    #expect(try connection.statuses() == [405])
  }

  /// What is refused behind a HEAD, and came with it, is no HEAD: the reply has the body that its length promises.
  @Test func whatIsRefusedBehindAHeadHasItsBodyHoweverItCame() throws {
    let bytes = Array("HEAD /huggy HTTP/1.1\r\nHost: relay\r\n\r\n{}".utf8)
    let outputs = try [bytes.count, 1].map { size in
      let connection = try EmbeddedConnection()
      for start in stride(from: 0, to: bytes.count, by: size) {
        connection.send(Array(bytes[start...].prefix(size)))
      }
      connection.closeInput()
      return try connection.output()
    }
    #expect(outputs[0].hasSuffix("\"this is not an HTTP/1.1 request\"}}"), "\(outputs[0])")
    #expect(outputs[0] == outputs[1])
  }

  @Test func connectIsRefused() throws {
    let connection = try EmbeddedConnection()
    connection.send("CONNECT relay:80 HTTP/1.1\r\nHost: relay\r\n\r\n")
    #expect(try connection.statuses() == [404])
  }

  @Test func anUnknownPathIsCutBeforeItIsKept() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(path: "/" + String(repeating: "x", count: 5000)))
    #expect(try connection.statuses() == [404])
    #expect(connection.receiver.refused.first?.path.utf8.count == 256)
  }

  @Test func anAnnouncedBodyOverTheLimitIsRefusedBeforeItComes() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 5242881"]))
    #expect(try connection.output().contains("connection: close"))
    #expect(connection.receiver.refused == [Refused(path: "/huggy", status: 413)])
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func aChunkedBodyIsRefusedAsItPassesTheLimitAndIsFreed() throws {
    var settings = ServerSettings()
    settings.maxBodyBytes = 1000
    let connection = try EmbeddedConnection(settings: settings)
    connection.send(Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"]))
    connection.send(Requests.chunk(String(repeating: "x", count: 1000)))
    #expect(try connection.output().isEmpty)
    connection.send(Requests.chunk("x"))
    #expect(try connection.statuses() == [413])
    #expect(connection.budget.chargedBytes == 0)
    #expect(connection.receiver.received.isEmpty)
  }

  @Test func anEndlessSenderIsCutOffAfterItsRefusal() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 1099511627776"]))
    #expect(connection.socket.outputIsClosed)
    let piece = [UInt8](repeating: 0x78, count: 1 << 20)
    var sent = 0
    while !connection.isClosed, sent < 100 << 20 {
      connection.send(piece)
      sent += piece.count
      #expect(connection.budget.chargedBytes == 0, "what is thrown away is not kept before")
    }
    #expect(sent == 64 << 20)
    #expect(try connection.statuses() == [413])
  }

  @Test func aRefusedClientThatGoesSilentIsCutOffAfterFiveSeconds() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 1099511627776"]))
    connection.advance(by: .milliseconds(4_999))
    #expect(!connection.isClosed)
    connection.advance(by: .milliseconds(1))
    #expect(connection.isClosed)
  }

  @Test func aClientThatWaitsIsToldToContinue() throws {
    let connection = try EmbeddedConnection()
    connection.send(
      Requests.head("POST", "/huggy", headers: ["Content-Length: 2", "Expect: 100-Continue"]))
    #expect(try connection.output() == "HTTP/1.1 100 Continue\r\n\r\n")
    connection.send("{}")
    #expect(try connection.statuses() == [200])
    #expect(connection.receiver.bodies == ["{}"])
  }

  @Test(arguments: [
    ("/huggy", "99999999", "100-continue", 413), ("/", "5", "100-continue", 404),
    ("/huggy", "5", "coffee", 417),
  ])
  func aClientThatWaitsGetsTheFinalStatusIfThatIsARefusal(
    path: String, length: String, expectation: String, status: Int
  ) throws {
    let connection = try EmbeddedConnection()
    connection.send(
      Requests.head("POST", path, headers: ["Content-Length: \(length)", "Expect: \(expectation)"]))
    #expect(try connection.statuses() == [status])
  }

  @Test func anHTTP10ClientIsNeverToldToContinue() throws {
    let connection = try EmbeddedConnection()
    connection.send(
      Requests.head(
        "POST", "/huggy", version: "1.0", headers: ["Content-Length: 2", "Expect: 100-continue"]))
    #expect(try connection.output().isEmpty)
  }

  @Test(arguments: [
    "nonsense\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0\r\n\r\n",
    "\u{16}\u{3}\u{1}\u{2}\0", "POST /huggy HTTP/2.0\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "POST /huggy HTTP/1.1\r\n: x\r\n\r\n",
    Requests.head("POST", "/huggy", headers: ["Content-Length: x"]),
    Requests.head("POST", "/huggy", headers: ["Content-Length: -1"]),
    Requests.head("POST", "/huggy", headers: ["Content-Length: 99999999999999999999"]),
    Requests.head("POST", "/huggy", headers: ["Content-Length: 2", "Content-Length: 3"]),
    Requests.head("POST", "/huggy", headers: ["Content-Length: 2, 3"]),
    Requests.head("POST", "/huggy", headers: ["Content-Length: 2", "Transfer-Encoding: chunked"]),
    Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked", "Content-Length: 2"]),
    Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: gzip"]),
    Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: gzip, chunked"]),
    Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
    Requests.head("POST", "/huggy", version: "1.0", headers: ["Transfer-Encoding: chunked"]),
    Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"]) + "zz\r\n",
  ])
  func whatIsNotCleanHTTPIsABadRequestAndClosed(_ request: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(request)
    let output = try connection.output()
    #expect(output.statuses == [400])
    #expect(output.contains(#"{"error":{"code":"bad_request","#))
    #expect(connection.socket.outputIsClosed)
    #expect(connection.receiver.received.isEmpty)
    #expect(connection.receiver.refused.map(\.status) == [400])
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test(arguments: [
    "GET /" + String(repeating: "x", count: 17 << 10),
    "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 17 << 10),
    "GET / HTTP/1.1\r\n" + String(repeating: "x", count: 17 << 10),
    "GET / HTTP/1.1\r\nX:" + String(repeating: " ", count: 70 << 10),
    "GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 101),
    "GET / HTTP/1.1\r\n" + String(repeating: "Name-of-a-header: its value\r\n", count: 1000),
  ])
  func headersBeyondTheBoundAreRefused(_ request: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(request)
    #expect(try connection.statuses() == [431])
    #expect(connection.socket.outputIsClosed)
  }

  @Test(arguments: [
    ("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nPOST /huggy HTTP/1.1\r\n", "PROXY protocol"),
    ("\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{C}", "PROXY protocol"),
    ("\u{16}\u{3}\u{1}\u{2}\0\u{1}", "TLS"), ("\u{16}", "TLS"),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
    ("SSH-2.0-x\r\n", "not an HTTP/1.1 request"), ("{\"messages\":{}}", "not an HTTP/1.1 request"),
  ])
  func whatSpeaksAnotherProtocolIsToldWhich(start: String, name: String) throws {
    for pieces in [[start], start.utf8.map { String(decoding: [$0], as: UTF8.self) }] {
      let connection = try EmbeddedConnection()
      for piece in pieces { connection.send(piece) }
      let output = try connection.output()
      #expect(output.statuses == [400])
      #expect(output.contains(name), "\(output)")
    }
  }

  /// A request behind a good one has a first line of its own.
  @Test func anotherProtocolIsNamedBehindARequestToo() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"]) + "0\r\n\r\n")
    connection.send("PROXY TCP4 ")
    #expect(try connection.output().contains("PROXY protocol"))
  }

  @Test(arguments: [[], ["Host: relay", "Host: relay"], ["Host: relay", "host: other"]])
  func anHTTP11RequestHasOneHost(hosts: [String]) throws {
    for length in ["Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"] {
      let connection = try EmbeddedConnection()
      connection.send("POST /huggy HTTP/1.1\r\n" + hosts.map { $0 + "\r\n" }.joined() + length)
      let output = try connection.output()
      #expect(output.statuses == [400])
      #expect(output.contains("Host"))
      #expect(connection.receiver.received.isEmpty)
    }
  }

  @Test func anHTTP10RequestNeedsNoHost() throws {
    let connection = try EmbeddedConnection()
    connection.send("POST /huggy HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")
    #expect(try connection.statuses() == [200])
    let twice = try EmbeddedConnection()
    twice.send("POST /huggy HTTP/1.0\r\nHost: a\r\nHost: b\r\nContent-Length: 2\r\n\r\n{}")
    #expect(try twice.statuses() == [400])
  }

  @Test func tooManyHeadersAreToldFromTooLargeOnes() throws {
    let many = try EmbeddedConnection()
    many.send("POST /huggy HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 101))
    #expect(try many.output().contains("more than 100 headers"))
    let large = try EmbeddedConnection()
    large.send("POST /huggy HTTP/1.1\r\nX: " + String(repeating: "x", count: 17 << 10))
    #expect(try large.output().contains("larger than 16384 bytes"))
  }

  @Test(arguments: [true, false]) func aRefusalSaysWhereTheRequestCameFrom(isPlain: Bool) throws {
    let connection = try EmbeddedConnection()
    let length = isPlain ? ["Content-Length: 0"] : ["Content-Length: 0", "Connection: x"]
    for (agent, forwarded) in [
      ("a/1", "192.0.2.7"), ("a/1", "192.0.2.7"), ("b/2", "192.0.2.7"), ("b/2", "192.0.2.8"),
    ] {
      connection.send(
        Requests.head(
          "POST", "/nowhere", headers: length + ["User-Agent: \(agent)", "X-Forwarded-For: \(forwarded)"]))
    }
    connection.send(Requests.head("POST", "/nowhere", headers: length))
    typealias Origin = RecordingReceiver.Origin
    #expect(
      connection.receiver.origins == [
        Origin(peer: "127.0.0.1", forwardedFor: "192.0.2.7", userAgent: "a/1"),
        Origin(peer: "127.0.0.1", forwardedFor: "192.0.2.7", userAgent: "a/1"),
        Origin(peer: "127.0.0.1", forwardedFor: "192.0.2.7", userAgent: "b/2"),
        Origin(peer: "127.0.0.1", forwardedFor: "192.0.2.8", userAgent: "b/2"), Origin(peer: "127.0.0.1"),
      ])
  }

  @Test func theReceiverIsToldWhereABodyCameFrom() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(headers: ["User-Agent: Huggy", "X-Forwarded-For: 192.0.2.7, 192.0.2.8"]))
    connection.send(
      Requests.post(headers: [
        "X-Forwarded-For: 192.0.2.7", "User-Agent: Huggy", "X-Forwarded-For: 192.0.2.8", "User-Agent: other",
      ]))
    let origin = RecordingReceiver.Origin(
      peer: "127.0.0.1", forwardedFor: "192.0.2.7, 192.0.2.8", userAgent: "Huggy")
    #expect(connection.receiver.received.map(\.origin) == [origin, origin])
  }

  /// Each request has its own, or none; several are none.
  @Test(arguments: [true, false]) func theReceiverIsToldTheTraceOfEachRequest(isPlain: Bool) throws {
    let connection = try EmbeddedConnection()
    let one = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let other = "00-11111111111111111111111111111111-2222222222222222-00"
    let more = isPlain ? [] : ["TE:\tx"]
    let headers: [[String]] = [
      ["TraceParent: \(one)"], ["traceparent: \(other)"], [], ["traceparent: \(one)x"],
      ["traceparent: \(one)", "traceparent: \(other)"], ["traceparent: \(one)"],
    ]
    for headers in headers { connection.send(Requests.post(headers: headers + more)) }
    #expect(connection.receiver.received.map(\.origin.trace) == [one, other, nil, nil, nil, one])
    #expect(connection.receiver.received.allSatisfy { $0.origin.peer == "127.0.0.1" })
  }

  @Test(arguments: [true, false]) func aLongHeaderIsCutBeforeItIsKept(isPlain: Bool) throws {
    let connection = try EmbeddedConnection()
    let long = String(repeating: "x", count: 5_000)
    connection.send(
      Requests.post(
        path: "/nowhere",
        headers: ["User-Agent: \(long)", "X-Forwarded-For: \(long)"] + (isPlain ? [] : ["TE:\tx"])))
    #expect(connection.receiver.origins.first?.userAgent?.utf8.count == 256)
    #expect(connection.receiver.origins.first?.forwardedFor?.utf8.count == 256)
  }

  @Test func oneConnectionTooManyHasAPeerToo() throws {
    let connection = try EmbeddedConnection(admission: .turnedAway(.tooManyConnections))
    #expect(connection.receiver.origins == [.init(peer: "127.0.0.1")])
    #expect(connection.receiver.refusals.map(\.reason) == [.tooManyConnections])
  }

  @Test func garbageBehindAGoodRequestIsRefusedAfterItsAnswer() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post() + "nonsense\r\n\r\n")
    #expect(try connection.output().isEmpty)
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(try connection.statuses() == [200, 400])
  }

  @Test func oneConnectionTooManyIsToldSo() throws {
    let connection = try EmbeddedConnection(admission: .turnedAway(.tooManyConnections))
    let output = try connection.output()
    #expect(output.statuses == [503])
    #expect(output.contains("retry-after: "))
    #expect(connection.socket.outputIsClosed)
    connection.send(Requests.post())
    #expect(connection.receiver.received.isEmpty)
    connection.closeInput()
    #expect(connection.isClosed)
  }
}
