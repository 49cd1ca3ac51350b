import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// The handler between NIO's decoder and the state machine, byte by byte.
@Suite struct ConnectionTests {
  @Test func aRequestIsAnsweredInOnePiece() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(#"{"messages":{}}"#))
    let expected = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    #expect(try connection.channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: expected))
    #expect(connection.receiver.bodies == [#"{"messages":{}}"#])
    #expect(connection.receiver.received.first?.path == "/huggy")
    #expect(!connection.isClosed)
  }

  @Test func theReceiversHeadersAndContentTypeAreSent() throws {
    let reply = IngestReply(
      status: 200, contentType: "text/plain", body: Array("T".utf8),
      headers: [.init("x-content-type-options", "nosniff")])
    let connection = try EmbeddedConnection(receiver: RecordingReceiver(answersAtOnce: reply))
    connection.send(Requests.post())
    let output = try connection.output()
    #expect(output.contains("content-type: text/plain\r\n"))
    #expect(output.contains("x-content-type-options: nosniff\r\n"))
    #expect(output.hasSuffix("\r\n\r\nT"))
  }

  @Test func aBodyInManyPiecesArrivesWhole() throws {
    let connection = try EmbeddedConnection()
    let body = String(repeating: "0123456789", count: 20_000)
    var rest = Array(Requests.post(body).utf8)[...]
    while !rest.isEmpty {
      connection.send(Array(rest.prefix(777)))
      rest = rest.dropFirst(777)
    }
    #expect(connection.receiver.bodies == [body])
    #expect(try connection.statuses() == [200])
  }

  @Test func aChunkedBodyArrivesWholeAndItsTrailersAreIgnored() throws {
    let connection = try EmbeddedConnection()
    connection.send(
      Requests.head("PUT", "/huggy", headers: ["Transfer-Encoding: chunked", "Trailer: X"])
        + Requests.chunk("{\"a\":") + Requests.chunk("1}") + "0\r\nX: y\r\n\r\n")
    #expect(connection.receiver.bodies == [#"{"a":1}"#])
    #expect(try connection.statuses() == [200])
  }

  @Test(arguments: ["/huggy?token=1", "http://relay/huggy", "http://relay:80/huggy?x=/"])
  func thePathIsFoundInTheTarget(_ target: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(path: target))
    #expect(connection.receiver.received.map(\.path) == ["/huggy"])
  }

  @Test(arguments: [
    "/huggy/", "//huggy", "/%68ugg%79", "/hugg%79/?x=1", "/huggy?", "http://relay//huggy/", "/huggy//",
  ])
  func howeverItsPathIsSpelledItIsTheSource(_ target: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(path: target))
    connection.send(Requests.head("POST", target, headers: ["Content-Length: 2", "Expect: x"]) + "{}")
    #expect(connection.receiver.received.map(\.path) == ["/huggy"])
    #expect(connection.receiver.refused == [.init(path: "/huggy", status: 417)], "as the source that it is")
  }

  @Test(arguments: ["/healthz", "/healthz?t=1", "/healthz/", "//healthz"])
  func healthIsFoundHoweverItIsSpelled(_ target: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("GET", target))
    #expect(try connection.statuses() == [200])
  }

  @Test(arguments: [
    "/Huggy", "/%2Fhuggy", "/./huggy", "/%2E/huggy", "/x/../huggy", "/huggy/x", "/huggy;v=1", "/%2568uggy",
    "/hugg%7", "*", "http://relay", "?/huggy",
  ])
  func noOtherPathIsASource(_ target: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("POST", target, headers: ["Content-Length: 0"]))
    #expect(connection.receiver.received.isEmpty)
    #expect(connection.receiver.refused.count == 1)
  }

  @Test func pipelinedRequestsAreReceivedOneAtATimeAndAnsweredInOrder() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(
      Requests.post("1") + Requests.post("2") + Requests.head("GET", "/healthz") + Requests.post("3"))
    #expect(receiver.bodies == ["1"])
    receiver.received[0].complete(IngestReply(status: 201, body: []))
    #expect(try connection.statuses() == [201])
    #expect(receiver.bodies == ["1", "2"])
    receiver.received[1].complete(IngestReply(status: 202, body: []))
    #expect(try connection.statuses() == [202, 200])
    #expect(receiver.bodies == ["1", "2", "3"])
    receiver.received[2].complete(IngestReply(status: 200, body: []))
    #expect(try connection.statuses() == [200])
    #expect(!connection.isClosed)
  }

  @Test func aConnectionIsNotReadWhileSomethingWaitsForAPendingAnswer() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post())
    connection.send(Requests.post())
    let before = connection.socket.reads
    connection.channel.read()
    connection.channel.read()
    #expect(connection.socket.reads == before)
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(connection.socket.reads == before + 1)
  }

  /// Also while a reply is pending: to stop and start the reading would be two system calls a request.
  @Test func aConnectionIsReadWheneverSomebodyAsksAndNothingWaits() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    for request in ["", Requests.post()] {
      connection.send(request)
      let before = connection.socket.reads
      connection.channel.read()
      #expect(connection.socket.reads == before + 1)
    }
    #expect(receiver.received.count == 1)
  }

  @Test func afterTheLastAnswerAConnectionIsReadToItsEnd() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post() + Requests.post())
    connection.channel.read()
    connection.quiesce()
    let before = connection.socket.reads
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(try connection.statuses() == [200])
    #expect(connection.socket.outputIsClosed)
    #expect(connection.socket.reads == before + 1)
    #expect(receiver.received.count == 1)
    connection.closeInput()
    #expect(connection.isClosed)
  }

  @Test func aFloodOfPipelinedRequestsIsHeldToABoundAndThenCutOff() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post())
    let flood = String(repeating: Requests.head("GET", "/healthz"), count: 100)
    for _ in 0..<200 {
      connection.send(flood)
      #expect(connection.budget.chargedBytes <= WaitingInput.limitBytes + 4096)
    }
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(try connection.output().contains("connection: close"))
    #expect(connection.socket.outputIsClosed)
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func aPipelineWithoutRoomInTheBudgetIsCutOffAfterTheAnswer() throws {
    var settings = ServerSettings()
    settings.maxInflightBytes = 8 << 10
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(settings: settings, receiver: receiver)
    // A header that brings it before the decoder, which then makes parts of all that follows.
    let post = Requests.post(headers: ["Proxy-Connection: keep-alive"])
    connection.send(post + String(repeating: Requests.head("GET", "/healthz"), count: 80))
    receiver.received[0].complete(RecordingReceiver.reply)
    let output = try connection.output()
    #expect(output.statuses == [200])
    #expect(output.contains("connection: close\r\n"))
    #expect(connection.socket.outputIsClosed)
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func manyRequestsInOneReadAreAllAnswered() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post() + String(repeating: Requests.head("GET", "/healthz"), count: 1000))
    #expect(connection.budget.chargedBytes < 200 << 10, "few are decoded ahead of their turn")
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(try connection.statuses().count == 1001)
    #expect(connection.isIdle)
    #expect(connection.budget.chargedBytes == 0)
  }

  @Test func aRequestInHTTP10IsAnsweredAndClosed() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(version: "1.0"))
    let output = try connection.output()
    #expect(output.statuses == [200])
    #expect(output.contains("connection: close\r\n"))
    #expect(connection.isClosed)
  }

  @Test func aRequestInHTTP10MayAskToStay() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(version: "1.0", headers: ["Connection: keep-alive"]))
    #expect(try connection.output().contains("connection: keep-alive\r\n"))
    #expect(!connection.isClosed)
  }

  @Test func connectionCloseIsHonoured() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post(headers: ["Connection: close"]) + Requests.post())
    let output = try connection.output()
    #expect(output.statuses == [200])
    #expect(output.contains("connection: close\r\n"))
    #expect(connection.isClosed)
    #expect(connection.receiver.received.count == 1)
  }

  /// As Java's HttpClient and curl --http2 offer it with the first request of each connection.
  @Test(arguments: [
    [
      "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
      "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    ],
    ["Connection: keep-alive, Upgrade", "Upgrade: websocket"], ["Upgrade: h2c"], ["Connection: upgrade"],
  ])
  func anOfferOfAnotherProtocolIsIgnored(headers: [String]) throws {
    let connection = try EmbeddedConnection()
    for body in ["1", "2"] {
      connection.send(Requests.post(body, headers: headers))
      connection.send(Requests.post("\(body) plain"))
      connection.send(Requests.head("POST", "/huggy", headers: headers + ["Transfer-Encoding: chunked"]))
      connection.send(Requests.chunk("\(body) in chunks") + "0\r\n\r\n")
      connection.send(Requests.head("POST", "/huggy", headers: ["Transfer-Encoding: chunked"]))
      connection.send(Requests.chunk("\(body) decoded") + "0\r\n\r\n")
    }
    let output = try connection.output()
    #expect(output.statuses == Array(repeating: 200, count: 8))
    #expect(!output.contains("connection: close"))
    #expect(
      connection.receiver.bodies
        == ["1", "2"].flatMap { ["\($0)", "\($0) plain", "\($0) in chunks", "\($0) decoded"] })
    #expect(connection.isIdle && !connection.isClosed)
    #expect(connection.budget.chargedBytes == 0)
  }

  /// The parser goes on behind these; another one in its place would not know what it holds.
  @Test(arguments: ["upgrade-not", "x-upgrade", "keep-alive, upgrades", "up grade"])
  func aConnectionHeaderThatOnlyLooksLikeAnOfferIsNone(value: String) throws {
    let connection = try EmbeddedConnection()
    let headers = ["Connection: \(value)", "Upgrade: h2c"]
    let second = Requests.post("2", headers: headers)
    connection.send(Requests.post("1", headers: headers) + second.prefix(20))
    connection.send(String(second.dropFirst(20)))
    #expect(try connection.output().statuses == [200, 200])
    #expect(connection.receiver.bodies == ["1", "2"])
  }

  /// It can't know what its offer comes to.
  @Test func aClientThatSendsOnBehindItsOfferIsToldThatItMustWait() throws {
    let connection = try EmbeddedConnection()
    connection.send(
      Requests.post("1", headers: ["Connection: Upgrade", "Upgrade: h2c"]) + Requests.post("2"))
    #expect(try connection.statuses() == [200, 400])
    #expect(connection.receiver.bodies == ["1"])
  }

  @Test func aRefusedOfferKeepsTheConnectionToo() throws {
    let connection = try EmbeddedConnection()
    connection.send(
      Requests.post("1", path: "/nowhere", headers: ["Connection: Upgrade", "Upgrade: h2c"]))
    connection.send(Requests.post("2"))
    #expect(try connection.statuses() == [404, 200])
  }

  @Test func aByteOrderMarkIsHandedOnAsItCame() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.post("\u{FEFF}{}"))
    #expect(connection.receiver.received.map(\.body) == [[0xEF, 0xBB, 0xBF] + Array("{}".utf8)])
  }

  @Test func healthIsAnsweredWithoutTheReceiver() throws {
    let connection = try EmbeddedConnection()
    connection.send(Requests.head("GET", "/healthz") + Requests.head("HEAD", "/healthz"))
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n"
    #expect(try connection.output() == head + #"{"status":"ok"}"# + head)
    #expect(connection.receiver.refused.isEmpty)
  }

  @Test func aResetWhileTheReceiverWorksDropsTheAnswer() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post())
    connection.channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "reset"))
    connection.loop.run()
    #expect(connection.isClosed)
    #expect(connection.budget.chargedBytes > 0, "the receiver still has the body")
    receiver.received[0].complete(RecordingReceiver.reply)
    #expect(connection.budget.chargedBytes == 0)
    #expect(try connection.output().isEmpty)
  }

  @Test func aHalfClosedClientGetsTheAnswersToAllItsRequests() throws {
    let receiver = RecordingReceiver(answersAtOnce: nil)
    let connection = try EmbeddedConnection(receiver: receiver)
    connection.send(Requests.post("1") + Requests.post("2"))
    connection.closeInput()
    #expect(!connection.isClosed)
    receiver.received[0].complete(RecordingReceiver.reply)
    receiver.received[1].complete(RecordingReceiver.reply)
    #expect(try connection.statuses() == [200, 200])
    #expect(connection.isClosed)
  }

  @Test(arguments: [Requests.post("12345"), Requests.head("POST", "/huggy"), "POST"])
  func aClientThatEndsMidRequestIsClosedAndNothingIsReceived(_ request: String) throws {
    let connection = try EmbeddedConnection()
    connection.send(String(request.dropLast(3)))
    connection.closeInput()
    #expect(connection.isClosed)
    #expect(try connection.output().isEmpty)
    #expect(connection.receiver.received.isEmpty)
    #expect(connection.budget.chargedBytes == 0)
  }
}
