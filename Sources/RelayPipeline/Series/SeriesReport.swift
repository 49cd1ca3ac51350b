import RelayCore

/// Which samples are asked for.
package struct SeriesRequest: Sendable, Equatable {
  package var step: SeriesStep
  /// By the wall clock; nil: all that is kept.
  package var since: Timestamp?
  package var until: Timestamp?
  /// nil: everybody's.
  package var destinations: [String]?

  package init(
    step: SeriesStep = .tenSeconds, since: Timestamp? = nil, until: Timestamp? = nil,
    destinations: [String]? = nil
  ) {
    self.step = step
    self.since = since
    self.until = until
    self.destinations = destinations
  }
}

/// Steps of the wall clock, one after another: where each sample is shown.
struct SeriesGrid: Sendable, Equatable {
  let since: Timestamp
  let count: Int
  private let step: Int64

  /// - Parameter newest: When the newest step began that can be shown. The grid is laid so that one of its steps begins there.
  init(_ request: SeriesRequest, newest: Timestamp) {
    let (step, kept) = (request.step.duration.microseconds, Int64(request.step.kept))
    func steps(to time: Timestamp, up: Bool) -> Int64 {
      // No time that has a name is as far away.
      let bound: Int64 = 1 << 61
      let time = min(max(time.microseconds, -bound), bound)
      let distance = time - newest.microseconds + (up ? step - 1 : 0)
      return distance.flooredDivision(by: step).quotient
    }
    let last = request.until.map { min(steps(to: $0, up: true), 1) } ?? 1
    let first = max(request.since.map { steps(to: $0, up: false) } ?? .min, 1 - kept)
    self.step = step
    since = Timestamp(microseconds: newest.microseconds + min(first, last) * step)
    count = Int(max(0, last - first))
  }

  var until: Timestamp { Timestamp(microseconds: since.microseconds + Int64(count) * step) }

  /// nil: it lies outside.
  func place(of time: Timestamp) -> Int? {
    let place = (time.microseconds - since.microseconds + step / 2).flooredDivision(by: step).quotient
    return (0..<Int64(count)).contains(place) ? Int(place) : nil
  }
}

/// Samples as they are shown: of each who has any, or is configured, a list of each kind, all of one length.
package struct SeriesReport: Sendable, Equatable {
  /// Numbers, one a step; where there is none, nothing was seen.
  package struct Numbers: Sendable, Equatable {
    /// `none` for one that there is not.
    package var values: [Int]
    /// They are in tenths.
    package var areTenths: Bool

    package static let none = Int.min

    package init(_ values: [Int], areTenths: Bool = false) {
      self.values = values
      self.areTenths = areTenths
    }
  }

  package struct Destination: Sendable, Equatable {
    package var name: String
    package var attempts: Numbers
    package var failed: Numbers
    package var delivered: Numbers
    package var pending: Numbers
    package var dead: Numbers
    package var inFlight: Numbers
    package var oldestPendingSeconds: Numbers
    package var latencyMedianMilliseconds: Numbers
    package var latencyTailMilliseconds: Numbers

    /// - Parameter none: What each list is, until it is given.
    package init(name: String, none: Numbers) {
      self.name = name
      (attempts, failed, delivered, pending, dead, inFlight) = (none, none, none, none, none, none)
      (oldestPendingSeconds, latencyMedianMilliseconds, latencyTailMilliseconds) = (none, none, none)
    }
  }

  package struct Source: Sendable, Equatable {
    package var name: String
    package var accepted: Numbers
    package var events: Numbers
    package var refused: Numbers

    package init(name: String, accepted: Numbers, events: Numbers, refused: Numbers) {
      self.name = name
      self.accepted = accepted
      self.events = events
      self.refused = refused
    }
  }

  package var step: SeriesStep
  package var since: Timestamp
  package var until: Timestamp
  /// Those that are configured in the configuration's order, then those that are gone.
  package var destinations: [Destination] = []
  package var sources: [Source] = []
  package var storeBytes: Numbers

  package init(step: SeriesStep, since: Timestamp, until: Timestamp, storeBytes: Numbers) {
    self.step = step
    self.since = since
    self.until = until
    self.storeBytes = storeBytes
  }
}

extension SeriesReport {
  init(
    _ request: SeriesRequest, _ grid: SeriesGrid, _ rows: [SeriesSample?], _ names: SeriesNames,
    configured: (destinations: [String], sources: [String])
  ) {
    self.init(
      step: request.step, since: grid.since, until: grid.until,
      storeBytes: Numbers(rows.map { $0?.storeBytes ?? Numbers.none }))
    let wanted = request.destinations.map(Set.init)
    let places = Self.shown(names.destinations, configured: configured.destinations) { place in
      rows.contains { $0.map { !$0.destinations[place].isAbsent } ?? false }
    }
    destinations = places.filter { wanted?.contains(names.destinations[$0]) ?? true }.map { place in
      let samples = rows.map { $0?.destinations[place] ?? .absent }
      return Destination(name: names.destinations[place], samples)
    }
    let sourcePlaces = Self.shown(names.sources, configured: configured.sources) { place in
      rows.contains { $0.map { !$0.sources[place].isAbsent } ?? false }
    }
    sources = sourcePlaces.map { place in
      Source(name: names.sources[place], rows.map { $0?.sources[place] ?? .absent })
    }
  }

  private static func shown(_ names: [String], configured: [String], has: (Int) -> Bool) -> [Int] {
    let places = SeriesNames.places(names)
    let known = configured.compactMap { places[$0] }
    let gone = Set(names.indices).subtracting(known).sorted()
    return known + gone.filter(has)
  }
}

extension SeriesReport.Destination {
  fileprivate init(name: String, _ samples: [DestinationSample]) {
    self.init(name: name, none: .init(samples, \.attempts))
    failed = .init(samples, \.failed)
    delivered = .init(samples, \.delivered)
    pending = .init(samples, \.pending)
    dead = .init(samples, \.dead)
    inFlight = .init(samples, \.inFlight)
    oldestPendingSeconds = .init(samples, \.oldestPending, areTenths: true)
    latencyMedianMilliseconds = .init(samples, \.latencyMedian, areTenths: true)
    latencyTailMilliseconds = .init(samples, \.latencyTail, areTenths: true)
  }
}

extension SeriesReport.Source {
  fileprivate init(name: String, _ samples: [SourceSample]) {
    self.init(
      name: name, accepted: .init(samples, \.accepted), events: .init(samples, \.events),
      refused: .init(samples, \.refused))
  }
}

extension SeriesReport.Numbers {
  fileprivate init<Sample>(
    _ samples: [Sample], _ number: (Sample) -> UInt32, areTenths: Bool = false
  ) {
    self.init(
      samples.map {
        let number = number($0)
        return number == DestinationSample.unknown ? Self.none : Int(number)
      }, areTenths: areTenths)
  }
}
