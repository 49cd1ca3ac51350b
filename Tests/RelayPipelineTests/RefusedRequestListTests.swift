import RelayCore
import Testing

@testable import RelayPipeline

@Suite struct RefusedRequestListTests {
  private static func refused(
    _ second: Int64, path: String = "/huggy", status: Int = 401, reason: String = "no", agent: String? = nil,
    peer: String? = nil
  ) -> RefusedRequest {
    var request = RefusedRequest(
      at: Timestamp(microseconds: second * 1_000_000), path: path, status: status, code: "x", reason: reason,
      bodyBytes: nil, body: Array("\(second)".utf8))
    (request.userAgent, request.peer) = (agent, peer)
    return request
  }

  @Test func alikeOnesAreOneWithACountAndTheLastOnesDetails() {
    var list = RefusedRequestList()
    for second in 1...1_000 as ClosedRange<Int64> {
      list.add(Self.refused(second, agent: "probe", peer: "192.0.2.\(second % 3)"), isOfSource: true)
    }
    var expected = Self.refused(1_000, agent: "probe", peer: "192.0.2.1")
    (expected.count, expected.firstAt) = (1_000, Timestamp(microseconds: 1_000_000))
    #expect(list.newestFirst.map(\.0) == [expected])
  }

  /// Broken by looking for a value as it is spelled alone: JSON has others for it.
  @Test func whatMayHoldAValueInAnotherSpellingIsForgottenWithIt() {
    var list = RefusedRequestList()
    for (number, body) in [
      #"{"mobile":"4711"}"#, #"{"mobile":"\u0034\u0037\u0031\u0031"}"#, #"{"mobile":"4712"}"#,
    ].enumerated() {
      var request = Self.refused(Int64(number), path: "/\(number)")
      request.body = Array(body.utf8)
      list.add(request, isOfSource: true)
    }
    #expect(list.forget(holding: ["4711", ""]) == 2)
    #expect(list.newestFirst.map(\.0.path) == ["/2"])
  }

  @Test func whatDiffersInAnythingThatMattersIsNotAlike() {
    var list = RefusedRequestList()
    list.add(Self.refused(1), isOfSource: true)
    list.add(Self.refused(2, path: "/other"), isOfSource: true)
    list.add(Self.refused(3, status: 400), isOfSource: true)
    list.add(Self.refused(4, reason: "another"), isOfSource: true)
    #expect(list.newestFirst.map(\.0.count) == [1, 1, 1, 1])
  }

  @Test func aScannerThatNamesItselfAnewEachTimeTakesOnePlace() {
    var list = RefusedRequestList()
    list.add(Self.refused(1, agent: "a sender"), isOfSource: true)
    for number in 0..<1_000 {
      list.add(Self.refused(2, status: 400, agent: "scanner/\(number)"), isOfSource: true)
    }
    #expect(list.newestFirst.map(\.0.userAgent) == ["scanner/999", "a sender"])
    #expect(list.newestFirst.map(\.0.count) == [1_000, 1])
  }

  @Test func whoComesAgainIsTheNewest() {
    var list = RefusedRequestList()
    for path in ["/a", "/b", "/a"] { list.add(Self.refused(1, path: path), isOfSource: true) }
    #expect(list.newestFirst.map(\.0.path) == ["/a", "/b"])
  }

  /// As it comes every few seconds for weeks.
  @Test func aHealthCheckDoesNotPushOutWhatSendersDidWrong() {
    var list = RefusedRequestList()
    for number in 0..<49 { list.add(Self.refused(1, reason: "\(number)"), isOfSource: true) }
    for second in 0..<10_000 as Range<Int64> {
      list.add(Self.refused(second, path: "/health", status: 404), isOfSource: false)
    }
    #expect(list.newestFirst.count == 50)
    #expect(list.newestFirst.first?.0.count == 10_000)
  }

  @Test func aScannerOfPathsAndAFloodOfBadBodiesLeaveEachOtherHalf() {
    var list = RefusedRequestList()
    for number in 0..<100 { list.add(Self.refused(1, reason: "\(number)"), isOfSource: true) }
    #expect(list.newestFirst.count == 50, "all, while there is nothing else")
    for number in 0..<1_000 {
      list.add(Self.refused(2, path: "/\(number)", status: 404), isOfSource: false)
    }
    let kept = list.newestFirst.map(\.0)
    #expect(kept.count == 50)
    #expect(kept.prefix(25).map(\.path) == (975..<1_000).reversed().map { "/\($0)" })
    #expect(kept.suffix(25).map(\.reason) == (75..<100).reversed().map { "\($0)" })
    for number in 0..<100 { list.add(Self.refused(3, reason: "again \(number)"), isOfSource: true) }
    #expect(list.newestFirst.filter { $0.0.path == "/huggy" }.count == 25)
  }
}
