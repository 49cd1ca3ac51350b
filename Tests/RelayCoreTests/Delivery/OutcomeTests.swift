import RelayCore
import Testing

/// What follows from an attempt.
@Suite struct OutcomeTests {
  private let now = Timestamp(microseconds: 1_767_225_600_000_000)

  private func attempt(_ response: AttemptResult.Response) -> AttemptResult {
    AttemptResult(startedAt: now, duration: .milliseconds(5), response: response)
  }

  private func attempt(_ status: Int, retryAfter: Duration? = nil) -> AttemptResult {
    attempt(.status(status, body: [], retryAfter: retryAfter))
  }

  private func outcome(
    _ result: AttemptResult, attempts: Int = 1, age: Duration = .zero,
    change: (inout Destination) -> Void = { _ in }
  ) -> Settlement.Outcome {
    var destination = Destination(name: "d", url: Secret(""))
    change(&destination)
    return destination.outcome(
      of: result, countedAttempts: attempts, age: age, now: now, random: 0)
  }

  @Test(arguments: [200, 201, 202, 204, 206, 299])
  func any2xxIsDelivered(status: Int) {
    #expect(outcome(attempt(status)) == .delivered)
    // Also the last attempt, also late, also where a 2xx is listed as permanent.
    let last = outcome(attempt(status), attempts: 9, age: .seconds(1 << 30)) {
      $0.retry.maxAttempts = 1
      $0.permanentStatuses = [status]
    }
    #expect(last == .delivered)
  }

  @Test(arguments: [100, 199, 300, 301, 304, 401, 403, 404, 405, 407, 408, 409, 425, 429, 451, 500, 503, 599])
  func anythingElseIsTriedAgain(status: Int) {
    #expect(outcome(attempt(status)) == .retry(at: now.advanced(by: .seconds(1))))
    #expect(outcome(attempt(status), attempts: 4) == .retry(at: now.advanced(by: .seconds(8))))
  }

  @Test(arguments: TransportFailure.Kind.allCases)
  func aRequestWithoutAStatusIsTriedAgain(kind: TransportFailure.Kind) {
    let failed = attempt(.failure(TransportFailure(kind: kind, message: "")))
    #expect(outcome(failed, attempts: 2) == .retry(at: now.advanced(by: .seconds(2))))
    #expect(outcome(failed, attempts: 3) { $0.retry.maxAttempts = 3 } == .dead(.exhausted))
    #expect(outcome(failed, age: .seconds(72 * 3_600)) == .dead(.expired))
  }

  @Test(arguments: [400, 410, 413, 414, 415, 422])
  func permanentStatusesAreNeverTriedAgain(status: Int) {
    #expect(outcome(attempt(status)) == .dead(.permanent))
    #expect(
      outcome(attempt(status)) { $0.permanentStatuses = [] } == .retry(at: now.advanced(by: .seconds(1))))
  }

  @Test func aListOfPermanentStatusesReplacesTheDefault() {
    #expect(outcome(attempt(503)) { $0.permanentStatuses = [503] } == .dead(.permanent))
    #expect(
      outcome(attempt(503), attempts: 5) { destination in
        destination.permanentStatuses = [503]
        destination.retry.maxAttempts = 5
      } == .dead(.permanent))
  }

  @Test func attemptsEndAtTheirLimit() {
    for (attempts, expected) in [(4, nil), (5, .exhausted), (6, .exhausted)] as [(Int, DeathReason?)] {
      let outcome = outcome(attempt(500), attempts: attempts) { $0.retry.maxAttempts = 5 }
      #expect(outcome == (expected.map { .dead($0) } ?? .retry(at: now.advanced(by: .seconds(8)))))
    }
  }

  @Test func aDeliveryEndsAtItsAge() {
    let limit = Duration.seconds(72 * 3_600)
    #expect(outcome(attempt(500), age: limit - .microseconds(1)) == .retry(at: now.advanced(by: .seconds(1))))
    #expect(outcome(attempt(500), age: limit) == .dead(.expired))
    #expect(outcome(attempt(500), age: limit) { $0.retry.maxAttempts = 1 } == .dead(.exhausted))
    // A clock that went back: not yet received, so not too old.
    #expect(outcome(attempt(500), age: .seconds(-60)) == .retry(at: now.advanced(by: .seconds(1))))
  }

  @Test(arguments: [301, 401, 403, 404, 408, 429, 500, 503])
  func aProbeThatFailsMeetsNoLimitAndIsDueAgainAtOnce(status: Int) {
    var destination = Destination(name: "d", url: Secret(""))
    destination.retry.maxAttempts = 1
    destination.retry.maxAge = .zero
    #expect(destination.outcome(ofProbe: attempt(status), now: now) == .retry(at: now))
    let failed = attempt(.failure(TransportFailure(kind: .connectionRefused, message: "")))
    #expect(destination.outcome(ofProbe: failed, now: now) == .retry(at: now))
  }

  @Test func aProbeDeliversOrMeetsAPermanentStatusLikeAnyAttempt() {
    let destination = Destination(name: "d", url: Secret(""))
    #expect(destination.outcome(ofProbe: attempt(204), now: now) == .delivered)
    #expect(destination.outcome(ofProbe: attempt(422), now: now) == .dead(.permanent))
  }

  @Test(
    arguments: [
      (429, 7, 7), (503, 7, 7), (429, 3_600, 3_600), (503, 3_601, 3_600), (429, 1 << 40, 3_600), (429, 0, 0),
      (500, 7, nil), (502, 7, nil), (200, 7, nil), (301, 7, nil), (400, 7, nil), (429, nil, nil),
      (503, nil, nil),
    ] as [(Int, Int?, Int?)])
  func retryAfterHoldsTheLaneForAtMostAnHour(status: Int, retryAfter: Int?, hold: Int?) {
    let result = attempt(status, retryAfter: retryAfter.map { .seconds($0) })
    #expect(Destination.retryAfter(in: result) == hold.map { .seconds($0) })
  }

  @Test func aFailureWithoutAStatusHoldsNothing() {
    let failed = attempt(.failure(TransportFailure(kind: .timeout, message: "")))
    #expect(Destination.retryAfter(in: failed) == nil)
    #expect(failed.status == nil && !failed.isSuccess)
  }
}
