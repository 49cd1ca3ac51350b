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
    let piece = [UInt8](repeating: 0x78, count: 16 << 10)
    var sent = 0
    while !connection.isClosed, sent < 1 << 20 {
      connection.send(piece)
      sent += piece.count
    }
    #expect(sent <= 256 << 10)
    #expect(try connection.statuses() == [413])
  }

  @Test func aRefusedClientThatGoesSilentIsCutOffAfterTwoSeconds() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("POST", "/huggy", headers: ["Content-Length: 1099511627776"]))
    connection.advance(by: .milliseconds(1999))
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

  @Test func garbageBehindAGoodRequestIsRefusedAfterItsAnswer() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post() + "nonsense\r\n\r\n")
    #expect(try connection.output().isEmpty)
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(try connection.statuses() == [200, 400])
  }

  @Test func oneConnectionTooManyIsToldSo() throws {
    let connection = try EmbeddedConnection(admission: .turnedAway)
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
