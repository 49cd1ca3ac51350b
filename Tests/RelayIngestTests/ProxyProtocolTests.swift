import NIOCore
import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// Connections that begin with a PROXY header (`server.proxy_protocol`).
@Suite(.timeLimit(.minutes(15))) struct ProxyProtocolTests {
  private static func settings(_ settings: inout ServerSettings) {
    settings.proxyProtocol = true
    settings.trustedProxies = TrustedProxies(["127.0.0.0/8", "203.0.113.9"].compactMap { AddressBlock($0) })
  }

  private func connection() throws -> EmbeddedConnection {
    var settings = ServerSettings()
    Self.settings(&settings)
    return try EmbeddedConnection(settings: settings)
  }

  private let line = "PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n"

  private static func known(_ text: String) throws -> ClientAddress {
    .known(try #require(PeerAddress.Address(text)))
  }

  @Test func theHeaderNamesTheClientOfAllRequestsHoweverTheBytesAreCut() throws {
    let requests =
      Requests.post(path: "/guarded")
      + Requests.head("POST", "/guarded", headers: ["Transfer-Encoding: chunked"])
      + "2\r\n{}\r\n0\r\n\r\n"
    for piece in [1, 7, 40, 45, 60, 1_000] {
      let connection = try connection()
      var bytes = Array((line + requests).utf8)[...]
      while !bytes.isEmpty {
        connection.send(Array(bytes.prefix(piece)))
        bytes = bytes.dropFirst(piece)
      }
      #expect(try connection.statuses() == [200, 200])
      #expect(connection.receiver.asked == [try Self.known("203.0.113.7"), try Self.known("203.0.113.7")])
      #expect(connection.receiver.received.map(\.origin.peer) == ["203.0.113.7", "203.0.113.7"])
    }
  }

  @Test func aBinaryHeaderIsOneToo() throws {
    let connection = try connection()
    connection.send(
      ProxyHeaderParserTests.binary(0x21, 0x11, [203, 0, 113, 7, 192, 0, 2, 1, 0, 1, 0, 2, 0xE0, 0, 1, 9]))
    connection.send(Requests.post())
    #expect(try connection.statuses() == [200])
    #expect(connection.receiver.received.first?.origin.peer == "203.0.113.7")
  }

  /// Whoever the header names is asked for further ones only if it is trusted itself.
  @Test func headersOfTheClientThatIsNamedCountOnlyWhereItIsTrusted() throws {
    for (source, client) in [("203.0.113.7", "203.0.113.7"), ("203.0.113.9", "198.51.100.1")] {
      let connection = try connection()
      connection.send("PROXY TCP4 \(source) 192.0.2.1 56324 443\r\n")
      connection.send(Requests.post(path: "/guarded", headers: ["X-Forwarded-For: 198.51.100.1"]))
      #expect(connection.receiver.asked == [try Self.known(client)])
    }
  }

  @Test func aProxyThatSpeaksForItselfIsThePeer() throws {
    for header in [Array("PROXY UNKNOWN\r\n".utf8), ProxyHeaderParserTests.binary(0x20, 0, [])] {
      let connection = try connection()
      connection.send(header)
      connection.send(Requests.head("GET", "/healthz"))
      // It may be the client's own: nobody has looked at it on the way.
      connection.send(Requests.post(path: "/guarded", headers: ["X-Forwarded-For: 198.51.100.1"]))
      #expect(try connection.statuses() == [200, 200])
      #expect(connection.receiver.received.first?.origin.peer == "127.0.0.1")
      #expect(connection.receiver.asked == [try Self.known("127.0.0.1")])
    }
  }

  @Test(arguments: [
    Requests.post(), "PROXY TCP4 rubbish\r\n", "PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\n",
    "PROXY UNKNOWN" + String(repeating: "x", count: 100), "\u{16}\u{3}\u{1}",
  ])
  func whatDoesNotBeginWithARightHeaderIsToldAndClosed(start: String) throws {
    for pieces in [[start], start.utf8.map { String(decoding: [$0], as: UTF8.self) }] {
      let connection = try connection()
      for piece in pieces { connection.send(piece) }
      let output = try connection.output()
      #expect(output.statuses == [400] && output.contains("server.proxy_protocol"), "\(output)")
      #expect(connection.socket.outputIsClosed && connection.receiver.received.isEmpty)
      #expect(connection.receiver.refused.map(\.status) == [400])
      // What follows is thrown away.
      connection.send(Requests.post())
      #expect(try connection.output().isEmpty && connection.receiver.received.isEmpty)
    }
  }

  @Test func onlyOneHeaderIsRead() throws {
    let connection = try connection()
    connection.send(line + line)
    #expect(try connection.statuses() == [400])
  }

  @Test func aHeaderThatDoesNotEndIsGivenTheTimeOfARequest() throws {
    let connection = try connection()
    connection.send("PROXY TCP4 203")
    connection.advance(by: .seconds(29))
    connection.send(".0")
    #expect(!connection.isClosed && !connection.isIdle)
    connection.advance(by: .seconds(1))
    #expect(connection.isClosed)
    #expect(try connection.output().isEmpty)
  }

  @Test func afterTheHeaderAConnectionMayBeIdleAsLongAsAnyOther() throws {
    let connection = try connection()
    connection.advance(by: .seconds(20))
    connection.send(line)
    connection.advance(by: .seconds(600))
    #expect(!connection.isClosed && connection.isIdle)
    connection.send(Requests.post())
    #expect(try connection.statuses() == [200])
    connection.advance(by: .seconds(661))
    #expect(connection.isClosed)
  }

  @Test func aClientThatEndsBeforeItsHeaderDoesIsClosed() throws {
    let connection = try connection()
    connection.send("PROXY ")
    connection.closeInput()
    #expect(connection.isClosed)
  }

  @Test func aShutdownLetsAHeaderAndItsRequestCome() throws {
    let connection = try connection()
    connection.quiesce()
    connection.send(line)
    connection.send(Requests.post())
    #expect(try connection.statuses() == [200])
    let silent = try self.connection()
    silent.quiesce()
    silent.advance(by: .seconds(1))
    #expect(silent.isClosed)
  }

  @Test func whoeverIsNotTrustedIsClosedUnheard() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    try await withServer(
      receiver,
      { settings in
        settings.proxyProtocol = true
        settings.trustedProxies = TrustedProxies([AddressBlock(.v4(0x0A00_0000), length: 8)])
      }
    ) { server, address in
      let stranger = try await RawClient.connect(to: address)
      try? await stranger.send(line + Requests.post())
      #expect(await stranger.rest() == "")
      #expect(try await receiver.nextRefusal().reason.status == 403)
      var settings = ServerSettings()
      settings.listen = ListenAddress(host: "127.0.0.1", port: 0)
      Self.settings(&settings)
      try await server.apply(settings)
      let proxy = try await RawClient.connect(to: address)
      try await proxy.send(line + Requests.post())
      #expect(await proxy.response()?.statuses == [200])
    }
  }
}
