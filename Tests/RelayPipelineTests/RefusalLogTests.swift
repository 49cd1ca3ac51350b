import Logging
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct RefusalLogTests {
  private let clock = ManualClock()
  private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  @Test func theLastFiftyAreKeptNewestFirst() {
    let log = RefusalLog(logger: silent, clock: clock)
    for number in 0..<120 {
      log.note(path: "/\(number)", .notFound, body: nil)
    }
    #expect(log.rejections.map(\.path) == (70..<120).reversed().map { "/\($0)" })
  }

  @Test func eachHasItsCodeItsReasonAndItsMaskedBody() throws {
    let log = RefusalLog(logger: silent, clock: clock)
    let body = Array(#"{"token":"wrong","x":"right"}"#.utf8)
    log.note(path: "/huggy", .error(401, "invalid_token", "no"), body: body, secrets: [Secret("right")])
    let kept = try #require(log.rejections.first)
    #expect(kept.at == clock.now())
    #expect(kept.status == 401)
    #expect(kept.code == "invalid_token")
    #expect(kept.reason == "no")
    #expect(kept.bodyBytes == body.count)
    #expect(String(decoding: kept.body, as: UTF8.self) == #"{"token":[secret],"x":"[secret]"}"#)
  }
}
