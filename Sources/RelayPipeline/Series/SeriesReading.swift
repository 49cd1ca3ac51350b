import RelayCore

/// What the relay's counters and gauges say at one moment: samples are made of the difference between two.
struct SeriesReading: Sendable, Equatable {
  struct Destination: Sendable, Equatable {
    // Since the relay's start.
    var attempts = 0
    var failed = 0
    var delivered = 0
    /// How many deliveries took how long: a count for each bucket of `HistogramScale.deliveryLatency`, the last for what is beyond.
    var latencies: [Int] = []
    // Now.
    var inFlight = 0
    /// nil: the store does not answer.
    var books: Books?
    /// nil: nothing is pending, as far as is known.
    var oldestPending: Duration?
  }

  struct Books: Sendable, Equatable {
    var pending: Int
    var dead: Int
  }

  struct Source: Sendable, Equatable {
    // Since the relay's start.
    var accepted = 0
    var events = 0
    var refused = 0
  }

  /// Of everybody who was counted since the start, by name.
  var destinations: [String: Destination] = [:]
  var sources: [String: Source] = [:]
  /// nil: the store does not answer.
  var storeBytes: Int?
  /// Who is configured now, in the configuration's order.
  var configuredDestinations: [String] = []
  var configuredSources: [String] = []

  /// What has happened since an earlier one, and how it is now.
  func sample(_ number: Int64, since earlier: SeriesReading, _ names: SeriesNames) -> SeriesSample {
    let (known, knownSources) = (Set(configuredDestinations), Set(configuredSources))
    return SeriesSample(
      number: number,
      destinations: names.destinations.map { name in
        guard known.contains(name), let now = destinations[name] else { return .absent }
        return now.sample(since: earlier.destinations[name] ?? Destination())
      },
      sources: names.sources.map { name in
        guard knownSources.contains(name), let now = sources[name] else { return .absent }
        let before = earlier.sources[name] ?? Source()
        return SourceSample(
          accepted: UInt32(known: now.accepted - before.accepted),
          events: UInt32(known: now.events - before.events),
          refused: UInt32(known: now.refused - before.refused))
      },
      storeBytes: storeBytes)
  }
}

extension SeriesReading.Destination {
  fileprivate func sample(since earlier: SeriesReading.Destination) -> DestinationSample {
    var sample = DestinationSample()
    sample.attempts = UInt32(known: attempts - earlier.attempts)
    sample.failed = UInt32(known: failed - earlier.failed)
    sample.delivered = UInt32(known: delivered - earlier.delivered)
    sample.inFlight = UInt32(known: inFlight)
    if let books {
      sample.pending = UInt32(known: books.pending)
      sample.dead = UInt32(known: books.dead)
    }
    if let oldestPending { sample.oldestPending = UInt32(known: Int(oldestPending.inSeconds * 10)) }
    let none = Array(repeating: 0, count: latencies.count)
    let took = zip(latencies, earlier.latencies.isEmpty ? none : earlier.latencies).map { $0 - $1 }
    if let median = HistogramScale.deliveryLatency.quantile(0.5, of: took),
      let tail = HistogramScale.deliveryLatency.quantile(0.99, of: took)
    {
      sample.latencyMedian = UInt32(known: Int(median / 100))
      sample.latencyTail = UInt32(known: Int(tail / 100))
    }
    return sample
  }
}

extension HistogramScale {
  /// The value that this share of the observations does not exceed, in the scale's unit, as near as the buckets tell: they are taken
  /// to be spread evenly in theirs. Beyond the last bound, that bound.
  ///
  /// - Parameter counts: One for each bucket, the last for what is beyond.
  /// - Returns: nil: there were no observations.
  func quantile(_ share: Double, of counts: [Int]) -> Double? {
    let all = counts.reduce(0, +)
    guard all > 0 else { return nil }
    let rank = share * Double(all)
    var below = 0
    for (bucket, count) in counts.enumerated() where count > 0 {
      guard Double(below + count) >= rank || below + count == all else {
        below += count
        continue
      }
      guard bucket < bounds.count else { break }
      let lower = bucket == 0 ? 0 : Double(bounds[bucket - 1])
      return lower + (Double(bounds[bucket]) - lower) * max(0, rank - Double(below)) / Double(count)
    }
    return bounds.last.map(Double.init)
  }
}

extension RelayMetrics {
  /// The counters' part of a reading. Takes no lock, and costs the path nothing.
  func reading() -> SeriesReading {
    var reading = SeriesReading()
    for (name, counts) in destinations.entries {
      var destination = SeriesReading.Destination()
      for (outcome, count) in counts.attempts.counts {
        destination.attempts += count
        if outcome != AttemptOutcome.success.rawValue { destination.failed += count }
      }
      destination.delivered = counts.settledDeliveries.count(of: .delivered)
      destination.latencies = counts.latencySeconds.counts
      reading.destinations[name] = destination
    }
    for (name, counts) in sources.entries {
      reading.sources[name] = SeriesReading.Source(
        accepted: counts.envelopes.count(of: .accepted), events: counts.allEvents, refused: counts.refused)
    }
    return reading
  }
}
