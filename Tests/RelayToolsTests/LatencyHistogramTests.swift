import Testing

@testable import RelayTools

@Suite struct LatencyHistogramTests {
  @Test func quantilesAreAtMostAThirtySecondTooHigh() {
    var histogram = LatencyHistogram()
    for microseconds in 1...100_000 { histogram.add(.microseconds(microseconds)) }
    for share in [0.001, 0.01, 0.5, 0.9, 0.99, 0.999] {
      let exact = share * 100_000
      let found = Double(histogram.quantile(share).microseconds)
      #expect(found >= exact && found <= exact * (1 + 1.0 / 32))
    }
    #expect(histogram.quantile(1) == .microseconds(100_000))
    #expect(histogram.max == .microseconds(100_000))
  }

  @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 1_000_000, 86_400_000_000])
  func aLoneLatencyIsItsOwnQuantile(microseconds: Int) {
    var histogram = LatencyHistogram()
    histogram.add(.microseconds(microseconds))
    #expect(histogram.quantile(0.5) == .microseconds(microseconds))
    #expect(histogram.quantile(0.99) == .microseconds(microseconds))
  }

  @Test func noLatenciesAreZero() {
    #expect(LatencyHistogram().quantile(0.99) == .zero)
  }

  @Test(arguments: [
    (Duration.microseconds(870), "870 µs"), (.milliseconds(12.34), "12.3 ms"),
    (.milliseconds(999.96), "1000.0 ms"),
    (.seconds(4.5), "4.5 s"), (.zero, "0 µs"),
  ])
  func durationsReadEasily(duration: Duration, text: String) {
    #expect(duration.forPeople == text)
  }
}
