import RelayCore
import Testing

@testable import RelayAdmin

@Suite struct RequestCollectorTests {
  private var collector = RequestCollector(
    admission: Admission(
      configured: ListenAddress(host: "127.0.0.1", port: 1), bound: ListenAddress(host: "127.0.0.1", port: 1),
      access: AdminAccess(), clock: FixedClock()))
  private let status = RequestHead(method: "GET", target: "/api/v1/status")
  private let change = RequestHead(
    method: "POST", target: "/api/v1/reload", contentType: "application/json")
  private let nowhere = RequestHead(method: "GET", target: "/nowhere")

  private static func status(of action: RequestCollector.Action) -> Int? {
    if case .refuse(let response, _) = action { response.status } else { nil }
  }

  @Test mutating func aRequestGoesOnOnlyOnceItIsWhole() {
    #expect(collector.readHead(change, expectsContinue: false) == .expectBody)
    #expect(collector.readBody([1, 2]) == .nothing)
    #expect(collector.readBody([3]) == .nothing)
    #expect(collector.readEnd() == .forward(body: [1, 2, 3]))
  }

  @Test mutating func aBodyMayBeAsLongAsItsLimitAndNoLonger() throws {
    let limit = try #require(EndpointTable.relay.place(at: change.path)?.endpoint(for: "POST")).maxBodyBytes
    #expect(collector.readHead(change, expectsContinue: false) == .expectBody)
    #expect(collector.readBody([UInt8](repeating: 0, count: limit)) == .nothing)
    #expect(Self.status(of: collector.readBody([0])) == 413)
    #expect(collector.readEnd() == .nothing)
  }

  @Test mutating func aBodyThatIsAnnouncedTooLongIsNotWaitedFor() throws {
    var head = change
    let endpoint = try #require(EndpointTable.relay.place(at: change.path)?.endpoint(for: "POST"))
    head.contentLength = endpoint.maxBodyBytes + 1
    #expect(Self.status(of: collector.readHead(head, expectsContinue: true)) == 413)
  }

  /// Who may not ask is not read from: not even what fits.
  @Test mutating func theBodyOfARefusedRequestIsThrownAway() {
    #expect(Self.status(of: collector.readHead(nowhere, expectsContinue: true)) == 404)
    #expect(collector.readBody([1]) == .nothing)
    #expect(collector.readEnd() == .nothing)
    #expect(collector.timeOut() == .nothing)
  }

  @Test mutating func whoGoesOnSendingAfterARefusalIsClosed() {
    _ = collector.readHead(nowhere, expectsContinue: false)
    let megabyte = [UInt8](repeating: 0, count: 1 << 20)
    for _ in 0..<4 { #expect(collector.readBody(megabyte) == .nothing) }
    #expect(collector.readBody([0]) == .close)
  }

  @Test mutating func nothingIsDoneAfterARefusal() {
    _ = collector.readHead(nowhere, expectsContinue: false)
    #expect(collector.readEnd() == .nothing)
    #expect(collector.readHead(change, expectsContinue: false) == .nothing)
    #expect(collector.readEnd() == .nothing)
  }

  @Test mutating func aRefusalWaitsForTheAnswersBeforeIt() {
    for _ in 0..<2 {
      _ = collector.readHead(status, expectsContinue: false)
      #expect(collector.readEnd() == .forward(body: []))
    }
    #expect(collector.readHead(nowhere, expectsContinue: false) == .nothing)
    #expect(collector.answered() == .nothing)
    #expect(Self.status(of: collector.answered()) == 404)
  }

  @Test mutating func onlyARequestThatIsBeingReadTimesOut() {
    #expect(collector.timeOut() == .nothing)
    _ = collector.readHead(status, expectsContinue: false)
    _ = collector.readEnd()
    #expect(collector.timeOut() == .nothing)
    _ = collector.readHead(status, expectsContinue: false)
    #expect(collector.timeOut() == .nothing, "an answer is owed: it comes first")
    #expect(Self.status(of: collector.answered()) == 408)
  }

  @Test mutating func aClientIsInvitedToSendOnlyWhatIsWanted() {
    #expect(collector.readHead(change, expectsContinue: true) == .invite)
    _ = collector.readEnd()
    #expect(collector.readHead(change, expectsContinue: true) == .expectBody, "its turn has not come")
  }

  @Test mutating func theRefusalOfAHEADHasNoBody() {
    var head = nowhere
    head.method = "HEAD"
    guard case .refuse(_, let omitsBody) = collector.readHead(head, expectsContinue: false) else {
      Issue.record("not refused")
      return
    }
    #expect(omitsBody)
  }
}
