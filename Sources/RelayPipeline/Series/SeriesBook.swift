import RelayCore

/// The samples that charts are drawn of: an hour of them ten seconds apart, and a week five minutes apart. A pure value.
///
/// Steps are counted by the steady clock, so nothing that happens to the wall clock moves a sample: it is only shown
/// elsewhere (`report`). A step in which nobody looked (the relay was down, the machine slept) has no sample. One that was cut in two by a
/// restart has one sample of both parts.
struct SeriesBook: Sendable, Equatable {
  private(set) var names = SeriesNames()
  private var tenSeconds = SeriesRing(.tenSeconds)
  private var fiveMinutes = SeriesRing(.fiveMinutes)
  /// The last reading, and the one with which the five minutes that are under way began.
  private var last: SeriesReading
  private var began: SeriesReading
  /// Which five minutes those are, and what an earlier run of the relay knew of them.
  private var underWay: (number: Int64, before: SeriesSample?)?
  /// Everybody who was configured at the last reading has a place.
  private var isFollowed = false

  /// - Parameter reading: What happened before it is in no sample.
  init(_ reading: SeriesReading) {
    last = reading
    began = reading
  }

  static func == (a: SeriesBook, b: SeriesBook) -> Bool {
    (a.names, a.tenSeconds, a.fiveMinutes, a.last) == (b.names, b.tenSeconds, b.fiveMinutes, b.last)
  }

  /// What an earlier run has left. Call it before the first sample.
  ///
  /// - Parameter now: What lies after it is of another time: a store that was put back, or made anew, has another clock.
  mutating func load(_ kept: KeptSeries, at now: Timestamp) {
    names = kept.names
    isFollowed = false
    for sample in kept.samples(.tenSeconds) { tenSeconds.put(sample) }
    for sample in kept.samples(.fiveMinutes) { fiveMinutes.put(sample) }
    tenSeconds.forget(from: SeriesStep.tenSeconds.number(at: now) + 1)
    fiveMinutes.forget(from: SeriesStep.fiveMinutes.number(at: now) + 1)
  }

  /// Who is configured, before the first sample is there.
  ///
  /// - Returns: The names are others than those that were loaded: every sample has moved, and all is to be written anew.
  mutating func notice(_ reading: SeriesReading) -> Bool {
    let oldNames = names
    follow(reading)
    last.configuredDestinations = reading.configuredDestinations
    last.configuredSources = reading.configuredSources
    return names != oldNames
  }

  /// All that is to be kept over a restart.
  var kept: KeptSeries {
    KeptSeries(names: names, tenSeconds: tenSeconds.samples, fiveMinutes: fiveMinutes.samples)
  }

  /// Takes a sample of the step that has just ended.
  ///
  /// - Parameters:
  ///   - now: Shortly after the step's end; or somewhere in a step: then the sample is of that one's first part.
  ///   - isLast: The relay stops.
  /// - Returns: What has changed: the names (then all is to be written anew), or these samples.
  mutating func take(_ reading: SeriesReading, at now: Timestamp, isLast: Bool = false) -> Change {
    let oldNames = names
    follow(reading)
    let number = Self.ended(at: now, isLast: isLast)
    let fresh = reading.sample(number, since: last, names)
    let sample = tenSeconds[number].map { $0.followed(by: fresh) } ?? fresh
    tenSeconds.put(sample)
    let long = takeLong(
      reading, of: SeriesStep.fiveMinutes.number(at: SeriesStep.tenSeconds.beginning(of: number)))
    last = reading
    return names == oldNames ? .samples(tenSeconds: sample, fiveMinutes: long) : .names
  }

  /// The five minutes that the sample lies in, as far as they have come.
  private mutating func takeLong(_ reading: SeriesReading, of number: Int64) -> SeriesSample {
    if underWay?.number != number {
      began = last
      underWay = (number, fiveMinutes[number])
    }
    let fresh = reading.sample(number, since: began, names)
    let sample = underWay?.before.map { $0.followed(by: fresh) } ?? fresh
    fiveMinutes.put(sample)
    return sample
  }

  /// Gives everybody who is configured a place.
  private mutating func follow(_ reading: SeriesReading) {
    guard
      !isFollowed || reading.configuredDestinations != last.configuredDestinations
        || reading.configuredSources != last.configuredSources
    else { return }
    isFollowed = true
    let new = names.following(
      destinations: reading.configuredDestinations, sources: reading.configuredSources,
      hasDestination: { place in has { !$0.destinations[place].isAbsent } },
      hasSource: { place in has { !$0.sources[place].isAbsent } })
    guard new != names else { return }
    tenSeconds.move(from: names, to: new)
    fiveMinutes.move(from: names, to: new)
    let before = underWay?.before?.moved(from: names, to: new)
    underWay?.before = before
    names = new
  }

  private func has(_ isSo: (SeriesSample) -> Bool) -> Bool {
    fiveMinutes.samples.contains(where: isSo) || tenSeconds.samples.contains(where: isSo)
  }

  /// The step that a sample is of. A timer is a little late: what comes in the first half of a step is of the one before.
  static func ended(at now: Timestamp, isLast: Bool) -> Int64 {
    let step = SeriesStep.tenSeconds
    return isLast ? step.number(at: now) : step.number(at: now.advanced(by: .zero - step.duration / 2))
  }

  /// What is to be written after a sample.
  enum Change: Equatable {
    case names
    case samples(tenSeconds: SeriesSample, fiveMinutes: SeriesSample)
  }

  // MARK: What is shown

  /// - Parameters:
  ///   - now: By the steady clock.
  ///   - history: By which steps are shown where the wall clock was then. A time that it showed twice, since it was set back, shows what
  ///     came second.
  func report(_ request: SeriesRequest, at now: Timestamp, _ history: ClockHistory) -> SeriesReport {
    let step = request.step
    let ring = step == .tenSeconds ? tenSeconds : fiveMinutes
    let newest = newestShown(ring, at: now)
    let grid = SeriesGrid(request, newest: history.wall(at: step.beginning(of: newest)))
    var rows: [SeriesSample?] = Array(repeating: nil, count: grid.count)
    // Older first: newer ones take their places.
    for number in (newest - Int64(step.kept) + 1)...newest {
      guard let sample = ring[number],
        let place = grid.place(of: history.wall(at: step.beginning(of: number)))
      else { continue }
      rows[place] = sample
    }
    return SeriesReport(
      request, grid, rows, names, configured: (last.configuredDestinations, last.configuredSources))
  }

  /// The newest step that is over. One that has ended just now has no sample yet, and is left out.
  private func newestShown(_ ring: SeriesRing, at now: Timestamp) -> Int64 {
    let over = ring.step.number(at: now) - 1
    guard ring.step == .tenSeconds, ring[over] == nil, ring[over - 1] != nil else { return over }
    let age = ring.step.beginning(of: over + 1).duration(to: now)
    return age < ring.step.duration / 2 ? over - 1 : over
  }
}
