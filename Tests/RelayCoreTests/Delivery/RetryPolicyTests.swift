import RelayTestSupport
import RelayCore
import Testing

@Suite struct RetryPolicyTests {
  @Test func theDefaultsDoubleFromASecondToFiveMinutes() {
    let seconds = (1...12).map { RetryPolicy().delay(afterAttempt: $0, random: 0).inSeconds }
    #expect(seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
    #expect(RetryPolicy().maxAge == .seconds(72 * 3_600))
    #expect(RetryPolicy().maxAttempts == nil)
  }

  @Test func jitterOnlyAddsAndAtMostItsShare() {
    var random = SplitMix64(seed: 5)
    var policy = RetryPolicy()
    for jitter in [0, 0.2, 1] {
      policy.jitter = jitter
      for attempts in 1...20 {
        let floor = policy.delay(afterAttempt: attempts, random: 0)
        let delay = policy.delay(afterAttempt: attempts, random: Double.random(in: 0..<1, using: &random))
        #expect(delay >= floor)
        #expect(delay <= floor * (1 + jitter) + .microseconds(1))
      }
    }
    #expect(RetryPolicy().delay(afterAttempt: 1, random: 0.5) == .milliseconds(1_100))
    #expect(RetryPolicy().delay(afterAttempt: 30, random: 0.5) == .seconds(330))
  }

  @Test func fractionsOfAMicrosecondRoundUp() {
    var policy = RetryPolicy()
    policy.initial = .nanoseconds(1_500)
    #expect(policy.delay(afterAttempt: 1, random: 0) == .microseconds(2))
  }

  @Test(arguments: [64, 1_100, 1_000_000, Int.max])
  func anyNumberOfAttemptsEndsAtTheCap(attempts: Int) {
    #expect(RetryPolicy().delay(afterAttempt: attempts, random: 0) == .seconds(300))
  }

  @Test func aFactorOfOneStaysAtTheInitialDelay() {
    var policy = RetryPolicy()
    policy.factor = 1
    policy.initial = .seconds(7)
    for attempts in [1, 2, 1_000, Int.max] {
      #expect(policy.delay(afterAttempt: attempts, random: 0) == .seconds(7))
    }
  }

  @Test func otherFactorsAndCaps() {
    var policy = RetryPolicy()
    policy.initial = .milliseconds(500)
    policy.factor = 1.5
    policy.maxDelay = .milliseconds(1_500)
    let seconds = (1...5).map { policy.delay(afterAttempt: $0, random: 0).inSeconds }
    #expect(seconds == [0.5, 0.75, 1.125, 1.5, 1.5])
    policy.initial = .seconds(10)
    #expect(policy.delay(afterAttempt: 1, random: 0) == .milliseconds(1_500))
  }
}
