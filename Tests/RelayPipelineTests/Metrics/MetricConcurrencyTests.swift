import RelayCore
import RelayThreads
import Testing

@testable import RelayPipeline

/// Nothing is lost or counted twice, however many threads count at once.
@Suite struct MetricConcurrencyTests {
  @Test func everyAdditionCounts() {
    let counter = Counter()
    onThreads(8) { _ in for _ in 0..<50_000 { counter.add(3) } }
    #expect(counter.value == 8 * 50_000 * 3)
  }

  @Test func everyObservationCounts() {
    let histogram = Histogram(.batchSize)
    onThreads(8) { thread in for value in 0..<20_000 { histogram.observe((value + thread) % 4_096) } }
    let snapshot = histogram.snapshot
    #expect(snapshot.count == 8 * 20_000)
    var (sum, small) = (0, 0)
    for thread in 0..<8 {
      for value in 0..<20_000 {
        sum += (value + thread) % 4_096
        if (value + thread) % 4_096 <= 64 { small += 1 }
      }
    }
    #expect(snapshot.sum == sum)
    #expect(snapshot.cumulative[6] == small)
  }

  @Test func threadsThatAddTheSameNameCountInTheSameValue() {
    for _ in 0..<20 {
      let table = MetricTable<Counter>()
      // More names than slots, each thread in an order of its own.
      onThreads(8) { thread in
        for step in 0..<300 { table.value("name-\((step + thread * 37) % 300)", make: { Counter() }).add() }
      }
      let entries = table.entries
      #expect(entries.count == 300)
      #expect(entries.allSatisfy { $0.value.value == 8 })
    }
  }

  @Test func threadsThatBringTypesShareExactlyAHundredPlaces() {
    for _ in 0..<20 {
      let source = SourceMetrics(types: EventTypeTable())
      onThreads(8) { thread in
        for step in 0..<150 { source.events("type-\((step + thread * 19) % 150)") }
      }
      let counts = source.eventCounts
      #expect(counts.count == 101)
      // A type is counted in its own place or among the others, never in both.
      #expect(counts.dropLast().allSatisfy { $0.count == 8 })
      #expect(counts.last?.type == "other")
      #expect(counts.last?.count == 8 * 50)
    }
  }

  @Test func countsOnlyRiseWhileTheyAreRead() throws {
    let metrics = RelayMetrics(Configuration())
    let isCounting = Monitor(true)
    let threads = (0..<4).map { index in
      WorkerThread(name: "count-\(index)") {
        while isCounting.update({ $0 }) {
          for _ in 0..<100 { metrics.settled("crm", .delivered, latency: .milliseconds(3)) }
        }
      }
    }
    var last = 0
    for _ in 0..<50 {
      let values = try ExpositionReader(metrics.render(GaugeReadings(version: "1"), process: nil)).values
      let count =
        values["huggy_relay_delivery_latency_seconds_count{destination=\"crm\"}"].flatMap { Int($0) } ?? 0
      #expect(count >= last)
      #expect(
        values["huggy_relay_delivery_latency_seconds_bucket{destination=\"crm\",le=\"+Inf\"}"] ?? "0"
          == "\(count)")
      last = count
    }
    isCounting.update { $0 = false }
    for thread in threads { thread.join() }
  }
}
