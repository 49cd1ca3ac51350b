import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct TokenBucketTests {
  /// Takes as often as it may, looking at random times.
  private func takings(_ rate: Rate, seed: UInt64, looks: Int = 400) -> [Timestamp] {
    var random = SplitMix64(seed: seed)
    var bucket = TokenBucket(rate: rate)
    var now = Timestamp.tick(1_000)
    var taken: [Timestamp] = []
    for _ in 0..<looks {
      bucket.advance(to: now)
      if bucket.next <= now {
        bucket.take()
        taken.append(now)
      } else {
        let idle = random.chance(10) ? rate.interval * random.below(3) : .zero
        now = now.advanced(by: random.chance(50) ? now.duration(to: bucket.next) : rate.spacing / 2 + idle)
      }
    }
    return taken
  }

  @Test(arguments: [(100, 1), (7, 1), (3, 1), (1, 1), (600, 60), (1, 60), (11, 3_600), (100_000, 1)])
  func noWindowHoldsMoreThanTheRateAndABurst(count: Int, seconds: Int) {
    let rate = Rate(count: count, per: .seconds(seconds))
    let burst = max(1, count / (10 * seconds))
    #expect(TokenBucket(rate: rate).burst == Int64(burst))
    for seed in 0..<4 as Range<UInt64> {
      let taken = takings(rate, seed: seed)
      for first in taken.indices {
        for last in first..<taken.count {
          let allowed = taken[first].duration(to: taken[last]) / rate.interval * Double(count) + Double(burst)
          #expect(Double(last - first + 1) <= allowed + 1e-6, "\(first)...\(last)")
        }
      }
    }
  }

  @Test(arguments: [(100, 1), (7, 1), (600, 60), (11, 3_600)])
  func whoNeverRestsGetsTheWholeRate(count: Int, seconds: Int) {
    var bucket = TokenBucket(rate: Rate(count: count, per: .seconds(seconds)))
    var now = Timestamp.tick(1_000)
    let start = now
    bucket.advance(to: now)
    let taken = 10 * count
    for _ in 0..<taken {
      now = max(now, bucket.next)
      bucket.advance(to: now)
      bucket.take()
    }
    #expect(start.duration(to: now) <= .seconds(10 * seconds))
  }

  @Test func aFirstBurstIsThereAndThenOneAtATime() {
    var bucket = TokenBucket(rate: Rate(count: 50, per: .seconds(1)))
    bucket.advance(to: .tick(1))
    for _ in 0..<5 {
      #expect(bucket.next == .tick(1))
      bucket.take()
    }
    #expect(bucket.next == .millisecond(1_020))
    bucket.advance(to: .millisecond(1_020))
    bucket.take()
    #expect(bucket.next == .millisecond(1_040))
  }

  @Test func aFractionOfAMicrosecondIsWaitedFor() {
    var bucket = TokenBucket(rate: Rate(count: 3, per: .seconds(1)))
    bucket.advance(to: .epoch)
    bucket.take()
    #expect(bucket.next == Timestamp(microseconds: 333_334))
  }

  @Test func aClockThatGoesBackNeitherFreesNorBlocks() {
    var bucket = TokenBucket(rate: Rate(count: 1, per: .seconds(1)))
    bucket.advance(to: .tick(5_000))
    bucket.take()
    bucket.advance(to: .tick(100))
    #expect(bucket.next == .tick(101))
    bucket.advance(to: .tick(101))
    #expect(bucket.next == .tick(101))
  }

  @Test func anotherRateTakesOverWhatIsOwed() {
    var bucket = TokenBucket(rate: Rate(count: 100, per: .seconds(1)))
    bucket.advance(to: .tick(1))
    for _ in 0..<10 { bucket.take() }
    // Ten are owed: as many as the burst at twenty times the rate; one where the burst is one.
    var (faster, slower) = (bucket, bucket)
    faster.change(to: Rate(count: 2_000, per: .seconds(1)))
    #expect(faster.next == .tick(1))
    for _ in 0..<190 { faster.take() }
    #expect(faster.next > .tick(1))
    slower.change(to: Rate(count: 1, per: .seconds(60)))
    #expect(slower.next == .tick(61))
    bucket.change(to: Rate(count: 100, per: .seconds(1)))
    #expect(bucket.next == .millisecond(1_010))
  }

  @Test func aLongRestIsNoMoreThanABurst() {
    var bucket = TokenBucket(rate: Rate(count: 1_000_000, per: .seconds(1)))
    bucket.advance(to: .tick(1))
    bucket.advance(to: Timestamp(microseconds: .max / 2))
    for _ in 0..<100_000 { bucket.take() }
    #expect(bucket.next > Timestamp(microseconds: .max / 2))
  }
}
