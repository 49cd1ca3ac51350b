import NIOSSL
import RelayCore
import RelayThreads
import Testing

@testable import RelayCurl

/// Tries against real servers, on a thread as they are made.
@Suite(.timeLimit(.minutes(15))) struct ProberTests {
  private func send(
    _ destination: Destination,
    headers: HeaderLines = ["content-type: application/json", "webhook-id: evt_1"],
    body: [UInt8] = Array("{}".utf8)
  ) async -> ProbeReport {
    await onThread {
      CurlProber().send(
        AttemptRequest(
          delivery: DeliveryID(rawValue: 0), destination: destination.name, headers: headers, body: body),
        to: destination)
    }
  }

  private func connect(_ destination: Destination, within limit: Duration = .seconds(60)) async -> ProbeReport
  {
    await onThread { CurlProber().connect(to: destination, within: limit) }
  }

  /// What is told as sent is what the server got: of the transport's own headers, none may be missing.
  @Test func whatIsToldAsSentIsWhatCame() async throws {
    try await withServer { server in
      let destination = server.destination().with {
        $0.authorization = .bearer(Secret("hunter2"))
        $0.headers = [.init(name: "X-Team", value: Secret("crm"))]
      }
      let report = await send(destination, body: Array(#"{"a":1}"#.utf8))
      #expect(report.isSuccess && report.failure == nil)
      let got = try #require(server.log.value.requests.first)
      #expect(got.body == Array(#"{"a":1}"#.utf8) && got.requestLine == "POST /hook HTTP/1.1")
      #expect(report.sentHeaders.map(\.name) == got.headers.map(\.name))
      #expect(report.sentHeaders.map(\.value) == got.headers.map(\.value))
      #expect(got.values(of: "authorization") == ["Bearer hunter2"] && got.values(of: "x-team") == ["crm"])
      #expect(report.peer == "127.0.0.1:\(server.port)" && report.certificate == nil)
      #expect(report.times.firstByte != nil && report.times.tlsDone == nil)
      #expect(report.times.total >= report.times.firstByte!)
    }
  }

  @Test func theAnswersHeadersAreKeptAndOfItsBodyOneKiB() async throws {
    let script: TestServer.Script = { _ in
      .answer(
        422, headers: "X-Reason: no such chat\r\nX-Reason: none\r\n",
        body: String(repeating: "x", count: 5_000))
    }
    try await withServer(script: script) { server in
      let answer = try #require(await send(server.destination()).answer)
      #expect(answer.status == 422 && answer.body.count == 1_024 && answer.bodyBytes == 5_000)
      #expect(answer.headers.filter { $0.name == "X-Reason" }.map(\.value) == ["no such chat", "none"])
    }
  }

  /// Broken by one that keeps the interim answer's headers.
  @Test func anInterimAnswerIsNotTheAnswer() async throws {
    let text =
      "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 201 Created\r\nX-Late: 1\r\ncontent-length: 0\r\n\r\n"
    try await withServer(script: { _ in .send(text) }) { server in
      let answer = try #require(await send(server.destination()).answer)
      #expect(answer.status == 201 && answer.headers.map(\.name) == ["X-Late", "content-length"])
    }
  }

  @Test func anAnswerWhoseRestDoesNotComeIsAnAnswer() async throws {
    let script: TestServer.Script = { _ in
      .send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nsome", then: .close)
    }
    try await withServer(script: script) { server in
      let report = await send(server.destination())
      #expect(report.isSuccess && report.answer?.body == Array("some".utf8))
    }
  }

  @Test func anAnswerThatNeverComesIsATimeout() async throws {
    try await withServer(script: { _ in .held }) { server in
      let report = await send(server.destination().with { $0.timeout = .milliseconds(200) })
      #expect(report.failure?.kind == .timeout && report.answer == nil)
      #expect(!report.sentHeaders.isEmpty, "it was sent all the same")
    }
  }

  @Test func whereNobodyListensNothingIsSent() async throws {
    let port = LoopbackPort.refusing()
    let report = await send(Destination(name: "a", url: Secret("http://127.0.0.1:\(port.number)/")))
    withExtendedLifetime(port) {}
    #expect(report.failure?.kind == .connectionRefused && report.sentHeaders.isEmpty)
  }

  // MARK: TLS

  @Test func theCertificateThatEndsFirstIsTold() async throws {
    let certificates = try Certificates.shared.get()
    try await withServer(tls: try certificates.server()) { server in
      let destination = server.destination().with { $0.tls.authorityFile = certificates.authorityFile }
      let report = await send(destination)
      #expect(report.isSuccess && report.times.tlsDone != nil)
      let certificate = try #require(report.certificate)
      #expect(certificate.subject == "CN=server" && certificate.chainLength == 1)
      // Made for two days.
      let left = MachineClock().reading().wall.duration(to: certificate.end)
      #expect(left > .seconds(86_400) && left <= .seconds(2 * 86_400))
    }
  }

  @Test func aStrangersCertificateIsAFailureThatSaysSo() async throws {
    try await withServer(tls: try Certificates.shared.get().server()) { server in
      let report = await connect(server.destination())
      #expect(report.failure?.kind == .tls && report.failure?.message.contains("Test authority") == true)
    }
  }

  // MARK: Only a connection

  /// Broken by a request that is sent.
  @Test func aConnectionSendsNothing() async throws {
    let certificates = try Certificates.shared.get()
    for tls in [nil, try certificates.server()] {
      try await withServer(tls: tls) { server in
        let report = await connect(
          server.destination().with { $0.tls.authorityFile = certificates.authorityFile })
        #expect(report.failure == nil && report.sentHeaders.isEmpty && report.answer == nil)
        #expect(report.peer == "127.0.0.1:\(server.port)" && report.times.connected != nil)
        #expect((report.certificate != nil) == (tls != nil))
        // To the kernel it is connected before the server knows of it.
        await server.log.wait { $0.accepted > 0 && $0.open == 0 }
        #expect(server.log.value.requests.isEmpty && server.log.value.accepted == 1)
      }
    }
  }
}
