import Foundation
import RelayCore
import RelayHarness
import Testing

/// Clients that break each limit of who may send and how much, while good ones are served.
@Suite struct SenderLimitTests {
  private let rest = """
    destinations: { nowhere: { url: "http://127.0.0.1:9/", retry: { initial: 1h, max_delay: 1h } } }
    routes: [{ name: all, to: nowhere }]
    """

  /// Sends these bytes over a connection of its own, and reads all that comes.
  private func talk(_ text: String, to url: String) throws -> String {
    let connection = try OwnConnection(to: url)
    try connection.send(text)
    return connection.rest()
  }

  private func post(_ path: String, _ number: Int, token: String = "t", headers: String...) -> String {
    let body = #"{"token":"\#(token)","messages":{"createdChat":[{"id":\#(number)}]}}"#
    let lines = [
      "POST \(path) HTTP/1.1", "Host: relay", "Connection: close", "Content-Length: \(body.utf8.count)",
    ]
    return (lines + headers).joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  private func status(_ answer: String) -> Int { Int(answer.dropFirst(9).prefix(3)) ?? 0 }

  @Test func strangersAndWhoSendsTooMuchAreRefusedWhileOthersAreServed() async throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", trusted_proxies: [127.0.0.1] }
      sources:
        open: { token: t }
        closed: { token: t, allow: [203.0.113.0/24] }
        slow: { token: t, rate: 1/h }
      \(rest)
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    for number in 0..<5 {
      // Good ones, between those that are not.
      #expect(status(try talk(post("/open", number), to: url)) == 200)
      #expect(
        status(
          try talk(post("/closed", number, headers: "X-Forwarded-For: 198.51.100.1, 203.0.113.7"), to: url))
          == 200)
      for header in [
        "X-Other: 203.0.113.7", "Forwarded: for=203.0.113.7, for=\"unknown\"",
        "X-Forwarded-For: 203.0.113.7, 198.51.100.1",
      ] {
        let answer = try talk(post("/closed", number, token: "s3cret-\(number)", headers: header), to: url)
        #expect(status(answer) == 403 && answer.contains(#""code":"forbidden_address""#), "\(answer)")
      }
      let both = post(
        "/closed", number, headers: "X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.8")
      #expect(status(try talk(both, to: url)) == 403)
      let limited = try talk(post("/slow", number), to: url)
      #expect(status(limited) == (number == 0 ? 200 : 429))
      if number > 0 {
        #expect(limited.contains("retry-after: 3") && limited.contains(#""code":"rate_limited""#))
      }
    }
    let admin = try #require(relay.adminURL())
    let metrics = try talk("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", to: admin)
    #expect(metrics.contains(#"huggy_relay_envelopes_total{source="closed",outcome="forbidden"} 20"#))
    #expect(metrics.contains(#"huggy_relay_envelopes_total{source="slow",outcome="rate_limited"} 4"#))
    #expect(metrics.contains(#"huggy_relay_envelopes_total{source="open",outcome="accepted"} 5"#))
    let rejections = try talk(
      "GET /api/v1/rejections HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", to: admin)
    #expect(
      rejections.contains(#""code":"forbidden_address""#) && rejections.contains(#""client":"198.51.100.1""#))
    #expect(!rejections.contains("s3cret") && !relay.log.joined().contains("s3cret"))
    // A reload holds for the next request.
    try setting.rewrite(
      try String(contentsOfFile: setting.configuration, encoding: .utf8).replacing(
        "203.0.113.0/24", with: "198.51.100.0/24"))
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: "reloaded") != nil)
    #expect(status(try talk(post("/closed", 9, headers: "X-Forwarded-For: 203.0.113.7"), to: url)) == 403)
    #expect(status(try talk(post("/closed", 9, headers: "X-Forwarded-For: 198.51.100.1"), to: url)) == 200)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func whoeverSendsNoRightPROXYHeaderIsRefusedWhileOthersAreServed() async throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off, trusted_proxies: [127.0.0.1], proxy_protocol: true, request_timeout: 5s }
      sources: { closed: { token: t, allow: [203.0.113.0/24] } }
      \(rest)
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let silent = try OwnConnection(to: url)
    try silent.send("PROXY TCP4 203")
    for number in 0..<5 {
      let request = post("/closed", number)
      #expect(status(try talk("PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n" + request, to: url)) == 200)
      #expect(status(try talk("PROXY TCP4 198.51.100.1 192.0.2.1 4711 443\r\n" + request, to: url)) == 403)
      #expect(status(try talk(request, to: url)) == 400)
      #expect(status(try talk("PROXY TCP4 203.0.113.7\r\n" + request, to: url)) == 400)
    }
    // It has had the time of a request.
    #expect(silent.rest() == "")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func onePeersConnectionsLeavePlacesForOthers() async throws {
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off, max_connections_per_peer: 3 }
      sources: { open: { token: t } }
      \(rest)
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    // Each keeps a request open.
    let greedy = try (0..<3).map { _ in try OwnConnection(to: url) }
    for connection in greedy {
      try connection.send(
        "POST /open HTTP/1.1\r\nHost: relay\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
      #expect(connection.next().hasPrefix("HTTP/1.1 100 "))
    }
    let refusal = try talk("", to: url)
    #expect(status(refusal) == 503 && refusal.contains("server.max_connections_per_peer"))
    for number in 0..<5 {
      let other = try OwnConnection(to: url, from: "127.0.0.2")
      try other.send(post("/open", number))
      #expect(status(other.rest()) == 200)
    }
    withExtendedLifetime(greedy) {}
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
