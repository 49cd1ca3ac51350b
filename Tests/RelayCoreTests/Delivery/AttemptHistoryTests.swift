import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct AttemptHistoryTests {
  private func result(_ status: Int, took: Duration = .milliseconds(100)) -> AttemptResult {
    AttemptResult(startedAt: .epoch, duration: took, response: .status(status, body: [], retryAfter: nil))
  }

  private func failure(_ kind: TransportFailure.Kind) -> AttemptResult {
    AttemptResult(
      startedAt: .epoch, duration: .seconds(1), response: .failure(TransportFailure(kind: kind, message: "")))
  }

  @Test func ofOneTypeAllFailAndOfTheOthersNone() throws {
    var history = AttemptHistory()
    for second in 0..<30 {
      history.add(result(200), type: "createdChat", at: .second(second))
      history.add(result(second == 7 ? 503 : 422), type: "closedChat", at: .second(second))
    }
    let windows = history.windows(at: .second(30))
    #expect(windows.map(\.length) == [.seconds(300), .seconds(3_600), .seconds(86_400)])
    for window in windows {
      #expect((window.attempts, window.failed) == (60, 30))
      #expect(window.failureRate == 0.5)
      #expect(window.causes.map { "\($0.words) \($0.count)" } == ["422 29", "503 1"])
      #expect(window.classes == [.success: 30, .clientError: 29, .serverError: 1])
      let type = try #require(window.types.first)
      #expect(window.types.count == 1)
      #expect((type.type, type.attempts, type.failed) == ("closedChat", 30, 30))
      #expect("\(type.cause.words) \(type.cause.count)" == "422 29")
      #expect(window.meanDuration == .milliseconds(100))
      #expect(window.counted == .seconds(30))
    }
  }

  @Test func whatIsOldLeavesTheShorterTimesFirst() {
    var history = AttemptHistory()
    history.add(result(500), type: "a", at: .second(0))
    func failed(_ second: Int) -> [Int] { history.windows(at: .second(second)).map(\.failed) }
    #expect(failed(1) == [1, 1, 1])
    #expect(failed(280) == [1, 1, 1])
    #expect(failed(311) == [0, 1, 1])
    history.add(result(200), type: "a", at: .second(320))
    #expect(failed(321) == [0, 1, 1])
    #expect(failed(3_700) == [0, 0, 1])
    history.add(result(200), type: "a", at: .second(3_700))
    #expect(failed(86_000 - 1_800) == [0, 0, 1])
    #expect(failed(90_000) == [0, 0, 0])
    #expect(history.windows(at: .second(90_000)).map(\.attempts) == [0, 0, 1])
  }

  @Test func nothingFailsWhereNothingWasTried() {
    let windows = AttemptHistory().windows(at: .second(0))
    #expect(windows.allSatisfy { $0.attempts == 0 && $0.failureRate == nil && $0.meanDuration == nil })
    #expect(windows.allSatisfy { $0.counted == .zero })
  }

  @Test func whatGotNoStatusIsCountedByWhatWentWrong() {
    var history = AttemptHistory()
    for kind in TransportFailure.Kind.allCases { history.add(failure(kind), type: "a", at: .second(0)) }
    let window = history.windows(at: .second(0))[0]
    #expect(Set(window.causes.map(\.words)) == Set(TransportFailure.Kind.allCases.map(\.rawValue)))
    #expect(window.classes == [.timeout: 2, .network: 8])
  }

  /// Types come from payloads, and statuses from anybody.
  @Test func itsMemoryIsBoundedAndNothingIsLost() {
    var history = AttemptHistory()
    for number in 0..<5_000 {
      history.add(result(100 + number % 900), type: "type-\(number % 300)", at: .second(number))
    }
    for window in history.windows(at: .second(5_000)) {
      #expect(window.types.count <= AttemptWindow.maxNamed && window.causes.count <= AttemptWindow.maxNamed)
      #expect(window.failed <= window.attempts && window.attempts > 0)
    }
    #expect(history.windows(at: .second(5_000))[2].attempts == 5_000)
    var tally = AttemptTally()
    for type in 0...AttemptHistory.maxTypes {
      for status in 100...999 { tally.add(.status(status), type: type, took: .zero) }
    }
    #expect(tally.cells.count <= 98)
    #expect(tally.cells.reduce(0) { $0 + Int($1.count) } == 33 * 900)
    #expect(
      tally.cells.filter(\.isSuccess).reduce(0) { $0 + Int($1.count) } == 33 * 100,
      "a success is never a failure")
  }

  /// The sum over the buckets is the sum over all that was added, whenever it was.
  @Test func eachAttemptIsCountedOnce() {
    var randomness = SplitMix64(seed: 3)
    for _ in 0..<50 {
      var history = AttemptHistory()
      var (now, added) = (0, [Int]())
      for _ in 0..<200 {
        now += Int.random(in: 0...40, using: &randomness)
        history.add(result(Bool.random(using: &randomness) ? 200 : 500), type: "a", at: .second(now))
        added.append(now)
      }
      for (window, slack) in zip(history.windows(at: .second(now)), [10, 60, 1_800]) {
        let length = Int(window.length.components.seconds)
        #expect(window.attempts <= added.count { now - $0 <= length })
        #expect(window.attempts >= added.count { now - $0 < length - slack })
      }
    }
  }
}
