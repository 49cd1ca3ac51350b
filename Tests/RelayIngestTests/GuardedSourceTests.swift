import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// What comes to a source that does not take everybody. `RecordingReceiver` has one at `/guarded`.
@Suite struct GuardedSourceTests {
  private let denial = Refusal(.forbiddenAddress, "no")

  private func connection(trusting proxies: String...) throws -> EmbeddedConnection {
    var settings = ServerSettings()
    settings.trustedProxies = TrustedProxies(proxies.compactMap { AddressBlock($0) })
    return try EmbeddedConnection(settings: settings)
  }

  /// Each head as most are, and once more as the decoder has to read it.
  private static func requests(_ headers: String...) -> [String] {
    [
      Requests.post(path: "/guarded", headers: headers),
      Requests.head("POST", "/guarded", headers: headers + ["Transfer-Encoding: chunked"])
        + "2\r\n{}\r\n0\r\n\r\n",
    ]
  }

  private static func known(_ text: String) throws -> ClientAddress {
    .known(try #require(PeerAddress.Address(text)))
  }

  @Test func whoIsRefusedIsToldBeforeTheBodyIsUsedAndOthersAreNotAskedAbout() throws {
    let connection = try connection()
    connection.receiver.denial = { _ in denial }
    connection.send(Requests.post("{\"token\":\"s3cret\"}", path: "/guarded"))
    #expect(try connection.statuses() == [403])
    #expect(!connection.isClosed && connection.isIdle)
    #expect(connection.receiver.received.isEmpty)
    #expect(connection.receiver.refused == [.init(path: "/guarded", status: 403)])
    #expect(connection.receiver.asked == [try Self.known("127.0.0.1")])
    connection.send(Requests.post())
    #expect(try connection.statuses() == [200])
    #expect(connection.receiver.asked.count == 1)
  }

  @Test func aLargeBodyIsReadAndThrownAwayAndTakesNoMemory() throws {
    let connection = try connection()
    connection.receiver.denial = { _ in denial }
    connection.send(Requests.head("POST", "/guarded", headers: ["Content-Length: 1000000"]))
    #expect(try connection.output().contains("connection: close"))
    for _ in 0..<10 { connection.send(String(repeating: "x", count: 100_000)) }
    #expect(connection.budget.chargedBytes == 0)
    #expect(connection.receiver.received.isEmpty && connection.receiver.refused.count == 1)
  }

  @Test func whoWaitsForBeingAskedForTheBodyIsNotAsked() throws {
    let connection = try connection()
    connection.receiver.denial = { _ in denial }
    connection.send(
      Requests.head("POST", "/guarded", headers: ["Content-Length: 5", "Expect: 100-continue"]))
    #expect(try connection.statuses() == [403])
  }

  /// A wrong method, say, takes nothing of a rate.
  @Test func whatIsRefusedAnywayIsNotAskedAbout() throws {
    let connection = try connection()
    connection.send(Requests.head("GET", "/guarded"))
    connection.send("POST /guarded HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
    #expect(try connection.statuses() == [405, 400])
    #expect(connection.receiver.asked.isEmpty)
  }

  @Test func headersOfAPeerThatIsNotTrustedAreNotBelieved() throws {
    for request in Self.requests("X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7") {
      let connection = try connection(trusting: "10.0.0.0/8")
      connection.send(request)
      #expect(connection.receiver.asked == [try Self.known("127.0.0.1")])
    }
  }

  @Test func aTrustedProxyNamesTheClient() throws {
    for header in [
      "X-Forwarded-For: 198.51.100.1, 203.0.113.7", "X-Forwarded-For: 203.0.113.7:4711",
      "Forwarded: for=198.51.100.1, for=\"203.0.113.7:80\";proto=https",
    ] {
      for request in Self.requests(header) {
        let connection = try connection(trusting: "127.0.0.0/8")
        connection.send(request)
        #expect(connection.receiver.asked == [try Self.known("203.0.113.7")], "\(request)")
      }
    }
  }

  @Test func severalLinesOfAHeaderAreOneList() throws {
    for lines in [
      ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 127.0.0.2"],
      ["Forwarded: for=203.0.113.7", "forwarded: for=127.0.0.2"],
    ] {
      let connection = try connection(trusting: "127.0.0.0/8")
      connection.send(Requests.post(path: "/guarded", headers: lines))
      #expect(connection.receiver.asked == [try Self.known("203.0.113.7")])
    }
  }

  @Test func headersThatContradictNameNobody() throws {
    for request in Self.requests("Forwarded: for=203.0.113.7", "X-Forwarded-For: 203.0.113.8") {
      let connection = try connection(trusting: "127.0.0.0/8")
      connection.send(request)
      #expect(connection.receiver.asked == [.contradictory])
    }
  }

  /// Requests after one another share what is known of them, and long headers are cut where they are kept.
  @Test func theClientIsThatOfEachRequestHoweverLongTheHeaderIs() throws {
    let connection = try connection(trusting: "127.0.0.0/8")
    let start = String(repeating: "198.51.100.1, ", count: 100)
    for address in ["203.0.113.7", "203.0.113.8", "203.0.113.8"] {
      connection.send(Requests.post(path: "/guarded", headers: ["X-Forwarded-For: \(start)\(address)"]))
    }
    connection.send(Requests.post(path: "/guarded"))
    let clients = ["203.0.113.7", "203.0.113.8", "203.0.113.8", "127.0.0.1"]
    #expect(connection.receiver.asked == (try clients.map(Self.known)))
  }

  @Test func aReloadHoldsForTheNextRequestOfAnOpenConnection() throws {
    let connection = try connection()
    let request = Requests.post(path: "/guarded", headers: ["X-Forwarded-For: 203.0.113.7"])
    connection.send(request)
    connection.trust.set(TrustedProxies([try #require(AddressBlock("127.0.0.1"))]))
    connection.send(request)
    connection.trust.set(.none)
    connection.send(request)
    #expect(connection.receiver.asked == (try ["127.0.0.1", "203.0.113.7", "127.0.0.1"].map(Self.known)))
  }
}
