import Testing

@testable import RelayPipeline

@Suite struct HistogramTests {
  static let scales = [
    HistogramScale.ingest, .attempt, .deliveryLatency, .commit, .batchSize,
  ]

  @Test(arguments: scales)
  func boundsAscendAndAreFew(scale: HistogramScale) {
    #expect(zip(scale.bounds, scale.bounds.dropFirst()).allSatisfy { $0 < $1 })
    #expect((10...14).contains(scale.bounds.count))
  }

  @Test(arguments: scales)
  func aBoundBelongsToItsBucketAndWhatIsBeyondToTheNext(scale: HistogramScale) {
    for (index, bound) in scale.bounds.enumerated() {
      let histogram = Histogram(scale)
      histogram.observe(bound)
      histogram.observe(bound + 1)
      let cumulative = histogram.snapshot.cumulative
      #expect(cumulative[index] == 1)
      if index > 0 { #expect(cumulative[index - 1] == 0) }
      if index + 1 < cumulative.count { #expect(cumulative[index + 1] == 2) }
      #expect(histogram.snapshot.count == 2)
      #expect(histogram.snapshot.sum == 2 * bound + 1)
    }
  }

  @Test func durationsAreInSecondsToTheMicrosecond() throws {
    let histogram = Histogram(.ingest)
    histogram.observe(.microseconds(1_500))
    histogram.observe(.seconds(7))
    var text = TextExposition()
    text.begin("a_seconds", .histogram, help: "h")
    text.sample([("x", "1")], histogram)
    let values = try ExpositionReader(text.bytes).values
    #expect(values["a_seconds_bucket{x=\"1\",le=\"0.001\"}"] == "0")
    #expect(values["a_seconds_bucket{x=\"1\",le=\"0.0025\"}"] == "1")
    #expect(values["a_seconds_bucket{x=\"1\",le=\"5\"}"] == "1")
    #expect(values["a_seconds_bucket{x=\"1\",le=\"+Inf\"}"] == "2")
    #expect(values["a_seconds_sum{x=\"1\"}"] == "7.0015")
    #expect(values["a_seconds_count{x=\"1\"}"] == "2")
  }

  @Test func allLinesOfAHistogramHaveItsLabelsAndFollowOneHeader() {
    let histogram = Histogram(.requestEvents)
    histogram.observe(3)
    histogram.observe(200)
    var text = TextExposition()
    text.begin("a", .histogram, help: "h")
    text.sample([("x", "b\"c"), ("y", "1")], histogram)
    let labels = #"x="b\"c",y="1""#
    let buckets = [(1, 0), (2, 0), (5, 1), (10, 1), (20, 1), (50, 1), (100, 1)]
    let lines =
      ["# HELP a h", "# TYPE a histogram"] + buckets.map { "a_bucket{\(labels),le=\"\($0)\"} \($1)" }
      + ["a_bucket{\(labels),le=\"+Inf\"} 2", "a_sum{\(labels)} 203", "a_count{\(labels)} 2", ""]
    #expect(String(decoding: text.bytes, as: UTF8.self) == lines.joined(separator: "\n"))
  }

  @Test func sizesAreWholeNumbers() throws {
    let histogram = Histogram(.batchSize)
    histogram.observe(3)
    var text = TextExposition()
    text.begin("a", .histogram, help: "h")
    text.sample([], histogram)
    let values = try ExpositionReader(text.bytes).values
    #expect(values["a_bucket{le=\"2\"}"] == "0")
    #expect(values["a_bucket{le=\"4\"}"] == "1")
    #expect(values["a_sum"] == "3")
  }

  @Test func aClockThatWasSetBackCostsNoSum() {
    let histogram = Histogram(.deliveryLatency)
    histogram.observe(.seconds(2))
    histogram.observe(.seconds(-5))
    #expect(histogram.snapshot.sum == 2_000_000)
    #expect(histogram.snapshot.count == 2)
    #expect(histogram.snapshot.cumulative[0] == 1)
  }

  @Test func aDurationBeyondAllMeasureIsOnlyOneMore() {
    let histogram = Histogram(.attempt)
    histogram.observe(.seconds(Int64.max))
    histogram.observe(.seconds(Int64.max))
    #expect(histogram.snapshot.count == 2)
    #expect(histogram.snapshot.cumulative.last == 0)
  }
}
