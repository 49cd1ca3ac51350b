import Foundation
import RelayHarness
import RelayThreads
import RelayTools
import Testing

/// Destinations that want access tokens of a token server, with both in the test.
@Suite(.timeLimit(.minutes(15))) struct OAuth2Tests {
  private struct State: Sendable {
    var tokens = 0
    /// What the destination lets in; and whether the token server is well.
    var valid = "access-token-1"
    var isDown = false
    /// Of the destination: the `huggy-relay-attempt` and the status of each request.
    var requests: [(attempt: String, status: Int)] = []
  }

  private static func post(_ id: Int, to url: String) throws {
    let body = #"{"messages":{"createdChat":[{"id":\#(id)}]}}"#
    #expect(try EndToEndTests.post(Array(body.utf8), to: url + "/huggy").status == 200)
  }

  @Test func tokensAreGotRenewedAfterA401AndNeverShownAndAServerThatFailsHoldsUpNobodyElse() async throws {
    let state = Monitor(State())
    let tokens = try AnsweringListener { head, body in
      state.update { state in
        guard !state.isDown else { return (503, #"{"error":"temporarily_unavailable"}"#) }
        guard head.contains("Basic \(Data("relay:c1ient-secret".utf8).base64EncodedString())"),
          body.contains("scope=events")
        else { return (401, #"{"error":"invalid_client"}"#) }
        state.tokens += 1
        return (
          200, #"{"access_token":"access-token-\#(state.tokens)","token_type":"Bearer","expires_in":3600}"#
        )
      }
    }
    let crm = try AnsweringListener { head, _ in
      state.update { state in
        let lines = head.split(separator: "\r\n").map(String.init)
        let attempt = lines.first { $0.lowercased().hasPrefix("huggy-relay-attempt:") } ?? ""
        let sent = lines.first { $0.lowercased().hasPrefix("authorization:") } ?? ""
        let status = sent.hasSuffix("Bearer \(state.valid)") ? 200 : 401
        state.requests.append((attempt, status))
        // As some servers do, it says what it was sent.
        return (status, #"{"you_sent":"\#(sent)"}"#)
      }
    }
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      defaults: { circuit: { failures: 2, probe_every: 100ms }, retry: { initial: 10ms, max_delay: 100ms } }
      destinations:
        crm:
          url: http://127.0.0.1:\(crm.port)/
          auth:
            oauth2:
              { token_url: "http://127.0.0.1:\(tokens.port)/token", client_id: relay, client_secret: "${file:secret}", scope: events }
        open: { url: "http://\(address)/open" }
      routes: [{ name: all, to: [crm, open] }]
      """)
    _ = try setting.folder.write("c1ient-secret\n", to: "secret")
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    func delivered(_ count: Int) -> Bool {
      state.wait(timeout: .seconds(60)) { $0.requests.count { $0.status == 200 } == count ? true : nil }
        ?? false
    }
    try Self.post(1, to: url)
    #expect(delivered(1))
    // Revoked: the attempt goes on with another one, and is the first all the same.
    state.update { $0.valid = "access-token-2" }
    try Self.post(2, to: url)
    #expect(delivered(2))
    let requests = state.update { $0.requests }
    #expect(requests.map(\.status) == [200, 401, 200])
    #expect(requests.allSatisfy { $0.attempt.hasSuffix(" 1") }, "\(requests)")
    #expect(state.update { $0.tokens } == 2)
    let tested = try person.run("test", "crm", "--type", "createdChat")
    #expect(tested.output.contains("[secret]"), "\(tested.output)\(tested.errors)")

    // The server is down, and the client's secret another: its own destination feels it.
    state.update { ($0.isDown, $0.valid) = (true, "access-token-4") }
    _ = try setting.folder.write("wrong-secret\n", to: "secret")
    #expect(relay.waitForLine(containing: #""message":"reloaded""#, "/secret") != nil)
    for id in 3...12 { try Self.post(id, to: url) }
    #expect(received.wait { $0.count == 12 })
    let failing = try await eventually {
      try person.run("status").output
    } until: {
      $0.contains("it answers 503: temporarily_unavailable")
    }
    #expect(failing.contains("no access token from 127.0.0.1"))
    _ = try await eventually {
      try person.status().destinations.first { $0.name == "crm" }?.circuit
    } until: {
      $0 == "open"
    }
    state.update { $0.isDown = false }
    _ = try await eventually {
      try person.run("status").output
    } until: {
      $0.contains("it answers 401: invalid_client")
    }
    _ = try setting.folder.write("c1ient-secret\n", to: "secret")
    #expect(state.wait(timeout: .seconds(60)) { $0.tokens == 4 ? true : nil } == true)
    #expect(delivered(12))

    let shown = try Setting.run(["config", "show", "--config", setting.configuration])
    let doctor = try Setting.run(["doctor", "--config", setting.configuration])
    #expect(doctor.output.contains("token server: 127.0.0.1:\(tokens.port)"))
    let seen = [
      shown.output, doctor.output, failing, tested.output, try person.get("/api/v1/status"),
      try person.get("/api/v1/events"),
      relay.log.joined(),
    ]
    for text in seen {
      for secret in ["c1ient-secret", "wrong-secret", "access-token"] {
        #expect(!text.contains(secret), "\(secret) in \(text)")
      }
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    tokens.stop()
    crm.stop()
    await sink.stop()
  }

  @Test func checkSaysWhatIsMissing() throws {
    let setting = try Setting(
      """
      sources: { huggy: {} }
      destinations: { crm: { url: "https://crm/", auth: { oauth2: { token_url: "https://login/token" } } } }
      """)
    let checked = try Setting.run(["check", "--config", setting.configuration])
    #expect(checked.status == 78)
    #expect(
      checked.errors.contains("crm.auth.oauth2: client_id and client_secret missing; write { token_url: …"))
  }
}
