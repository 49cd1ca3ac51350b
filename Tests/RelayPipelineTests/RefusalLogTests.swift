import Logging
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

private final class Origin: RequestOrigin {
  let peer: String? = "192.0.2.1"
  let forwardedFor: String? = "192.0.2.2, 192.0.2.3"
  let userAgent: String? = "Huggy"
}

@Suite struct RefusalLogTests {
  private let clock = ManualClock()
  private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  @Test func theLastFiftyAreKeptNewestFirst() {
    let log = RefusalLog(logger: silent, clock: clock)
    for number in 0..<120 {
      log.note(path: "/\(number)", .notFound, origin: Origin(), body: nil, isOfSource: false)
    }
    #expect(log.rejections.map(\.path) == (70..<120).reversed().map { "/\($0)" })
  }

  @Test func eachHasItsCodeItsReasonAndItsMaskedBody() throws {
    let log = RefusalLog(logger: silent, clock: clock)
    let body = Array(#"{"token":"wrong","x":"right"}"#.utf8)
    log.note(
      path: "/huggy", .error(401, "invalid_token", "no", offset: 3), origin: Origin(), body: body,
      isOfSource: true,
      secrets: [Secret("right")])
    let kept = try #require(log.rejections.first)
    #expect(kept.at == clock.now())
    #expect(kept.status == 401)
    #expect(kept.code == "invalid_token")
    #expect(kept.reason == "no")
    #expect(kept.offset == 3)
    #expect((kept.peer, kept.forwardedFor, kept.userAgent) == ("192.0.2.1", "192.0.2.2, 192.0.2.3", "Huggy"))
    #expect(kept.bodyBytes == body.count)
    #expect(String(decoding: kept.body, as: UTF8.self) == #"{"token":[secret],"x":"[secret]"}"#)
  }
}

/// Steps of the wall clock.
@Suite struct RefusalLogClockTests {
  @Test func linesAreFoldedByTheSteadyTimeAndTimedByTheWallClock() {
    let clock = ManualClock()
    let recorder = LineRecorder()
    let log = RefusalLog(logger: recorder.logger, clock: clock)
    log.note(path: "/huggy", .notFound, origin: Origin(), body: nil, isOfSource: false)
    clock.setWall(ahead: .seconds(-3_600))
    for _ in 0..<3 {
      clock.advance(by: .seconds(11))
      log.note(path: "/huggy", .notFound, origin: Origin(), body: nil, isOfSource: false)
    }
    #expect(recorder.lines.count == 4)
    #expect(log.rejections.first?.at == .second(33 - 3_600))
  }
}
