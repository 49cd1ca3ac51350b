import Glibc
import RelayCore
import RelaySystem
import Testing

/// What answers' `date` tells of the relay's clock.
@Suite(.timeLimit(.minutes(15))) struct ClockTests {
  /// So many seconds from now, as HTTP has it.
  private static func date(in seconds: Int) -> String {
    var time = time_t(wallClockMicroseconds() / 1_000_000) + seconds
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 64)
    strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The offset that each of some attempts tells. Answers are dated when they are given.
  private func offsets(
    of attempts: Int = 1, signs: Bool = true, _ answer: @escaping @Sendable () -> Reaction
  ) async throws -> [Duration?] {
    var told: [Duration?] = []
    try await withServer(script: { _ in answer() }) { server in
      let destination = server.destination().with {
        if signs { $0.signingSecrets = [SigningSecret(key: Array(0..<24))] }
      }
      await withTransport(destination) { bench in
        for _ in 0..<attempts { told.append(await bench.send().clockOffset) }
      }
    }
    return told
  }

  @Test(arguments: [-600, 600]) func howFarTheRelaysClockIsAheadIsTold(seconds: Int) async throws {
    let told = try await offsets { .answer(200, headers: "Date: \(Self.date(in: seconds))\r\n") }
    let offset = try #require(told[0])
    // The date is in whole seconds, and the attempt took its time.
    #expect(abs(offset.inSeconds + Double(seconds)) < 30)
  }

  @Test func aClockThatAgreesIsNotAhead() async throws {
    #expect(try await offsets { .answer(200, headers: "date: \(Self.date(in: 0))\r\n") } == [.zero])
  }

  @Test func ofAnswersThatSucceedOneAMinuteIsLookedAt() async throws {
    let told = try await offsets(of: 3) { .answer(200, headers: "date: \(Self.date(in: 0))\r\n") }
    #expect(told == [.zero, nil, nil])
  }

  @Test func eachThatRefusesASignedRequestIsLookedAt() async throws {
    let answer: @Sendable () -> Reaction = { .answer(400, headers: "date: \(Self.date(in: 0))\r\n") }
    #expect(try await offsets(of: 2, answer) == [.zero, .zero])
    #expect(try await offsets(of: 2, signs: false, answer) == [.zero, nil])
  }

  @Test(arguments: ["", "date: now\r\n", "date: 1767323045\r\n", "x-date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"])
  func whatIsNoDateTellsNothing(_ headers: String) async throws {
    #expect(try await offsets { .answer(400, headers: headers) } == [nil])
  }

  @Test func theLastAnswersDateCounts() async throws {
    let told = try await offsets {
      let early = "HTTP/1.1 103 Early Hints\r\ndate: \(Self.date(in: -9_000))\r\n\r\n"
      return .send(early + "HTTP/1.1 200 OK\r\ndate: \(Self.date(in: 0))\r\ncontent-length: 0\r\n\r\n")
    }
    #expect(told == [.zero])
  }
}
