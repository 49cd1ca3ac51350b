import Logging
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

private final class Origin: RequestOrigin {
  let peer: String? = "192.0.2.1"
  let client = ClientAddress.known(.v4(0xC000_0202))
  let forwardedFor: String? = "192.0.2.2, 192.0.2.3"
  let userAgent: String? = "Huggy"
  let trace: TraceParent? = nil
}

@Suite struct RefusalLogTests {
  private let clock = ManualClock()
  private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  @Test func theLastFiftyAreKeptNewestFirst() {
    let log = RefusalLog(logger: silent, clock: clock)
    for number in 0..<120 {
      log.record(.notFound, path: "/\(number)", origin: Origin(), body: nil, isOfSource: false)
    }
    #expect(log.refusedRequests.map(\.path) == (70..<120).reversed().map { "/\($0)" })
  }

  @Test func eachHasItsCodeItsReasonAndItsMaskedBody() throws {
    let log = RefusalLog(logger: silent, clock: clock)
    let body = Array(#"{"token":"wrong","x":"right"}"#.utf8)
    log.record(
      Refusal(.invalidToken, "no", offset: 3), path: "/huggy", origin: Origin(), body: body,
      isOfSource: true,
      mask: SecretMask([Secret("right")]))
    let kept = try #require(log.refusedRequests.first)
    #expect(kept.at == clock.now())
    #expect(kept.status == 401)
    #expect(kept.code == "invalid_token")
    #expect(kept.reason == "no")
    #expect(kept.offset == 3)
    #expect((kept.peer, kept.forwardedFor, kept.userAgent) == ("192.0.2.1", "192.0.2.2, 192.0.2.3", "Huggy"))
    #expect(kept.bodyBytes == body.count)
    #expect(String(decoding: kept.body, as: UTF8.self) == #"{"token":[secret],"x":"[secret]"}"#)
  }

  @Test func noPartOfARequestShowsASecret() throws {
    let recorder = LineRecorder()
    let log = RefusalLog(logger: recorder.logger, clock: clock)
    log.record(
      .notFound, path: "/huggy/Huggy", origin: Origin(), body: nil, isOfSource: false,
      mask: SecretMask([Secret("Huggy"), Secret("192.0.2.3")]))
    let kept = try #require(log.refusedRequests.first)
    #expect(kept.path == "/huggy/[secret]" && kept.userAgent == "[secret]")
    #expect(kept.forwardedFor == "192.0.2.2, [secret]")
    let line = try #require(recorder.lines.first)
    #expect(
      line.metadata["path"] == "/huggy/[secret]" && line.metadata["forwarded_for"] == "192.0.2.2, [secret]")
  }

  private static let envelope = Array(#"{"messages":{},"token":"8187ce0c2e5d0aef"}"#.utf8)

  /// Each holds the source's token where no mask finds it.
  private static let foreign: [(String, [UInt8])] = [
    ("UTF-16", units(before: [], after: [0])), ("UTF-32", units(before: [0, 0, 0], after: [])),
    ("gzip with stored blocks", [0x1F, 0x8B, 8, 0] + envelope),
    ("a form", Array("payload=%7B%22token%22%3A%228187ce0c2e5d0aef%22%7D".utf8)),
    ("multipart", Array("--x\r\n\r\n8187ce0c2e5d0aef\r\n--x--\r\n".utf8)),
    ("UTF-16 behind a character", [0x78] + units(before: [], after: [0])),
  ]

  private static func units(before: [UInt8], after: [UInt8]) -> [UInt8] {
    Array(envelope.map { before + [$0] + after }.joined())
  }

  @Test(arguments: foreign) func ofABodyThatIsNoJSONOnlyTheSizeIsKept(kind: String, body: [UInt8]) throws {
    let log = RefusalLog(logger: silent, clock: clock)
    log.record(
      Refusal(.invalidJSON, "no"), path: "/huggy", origin: Origin(), body: body, isOfSource: true,
      mask: SecretMask([Secret("8187ce0c2e5d0aef")]))
    let kept = try #require(log.refusedRequests.first)
    #expect(kept.body.isEmpty && kept.bodyBytes == body.count)
  }

  @Test func eachSourceHasItsOwnLineAndAllOtherPathsHaveOne() {
    let recorder = LineRecorder()
    let log = RefusalLog(logger: recorder.logger, clock: clock)
    for path in ["/a", "/b", "/a", "/b"] {
      log.record(.methodNotAllowed, path: path, origin: Origin(), body: nil, isOfSource: true)
    }
    #expect(recorder.lines.count == 2)
    for number in 0..<100 {
      log.record(.notFound, path: "/\(number)", origin: Origin(), body: nil, isOfSource: false)
    }
    #expect(recorder.lines.count == 3)
  }
}

/// Steps of the wall clock.
@Suite struct RefusalLogClockTests {
  @Test func linesAreFoldedByTheSteadyTimeAndTimedByTheWallClock() {
    let clock = ManualClock()
    let recorder = LineRecorder()
    let log = RefusalLog(logger: recorder.logger, clock: clock)
    log.record(.notFound, path: "/huggy", origin: Origin(), body: nil, isOfSource: false)
    clock.setWall(ahead: .seconds(-3_600))
    for _ in 0..<3 {
      clock.advance(by: .seconds(11))
      log.record(.notFound, path: "/huggy", origin: Origin(), body: nil, isOfSource: false)
    }
    #expect(recorder.lines.count == 4)
    #expect(log.refusedRequests.first?.at == .second(33 - 3_600))
  }
}
