/// Whether its `concurrency` is what holds a destination back: for how much of the last minute every slot was taken while
/// more was due, and how long attempts took meanwhile.
///
/// A pure value of a fixed size. It counts in buckets of five seconds, so "the last minute" is 60 to 65 seconds; to tell it
/// what it knows already costs a comparison, to tell it of an attempt two additions.
package struct ConcurrencyLimit: Sendable, Equatable {
  /// How it was in the last minute.
  package struct Reading: Sendable, Equatable {
    /// The part of the time in which every slot was taken while more was due, 0 to 1.
    package var share: Double
    /// How long an attempt took, on the average.
    package var meanDuration: Duration
    /// The slots that there are.
    package var concurrency: Int

    package init(share: Double, meanDuration: Duration, concurrency: Int) {
      self.share = share
      self.meanDuration = meanDuration
      self.concurrency = concurrency
    }
  }

  private struct Bucket: Sendable, Equatable {
    /// Its place in time: its beginning divided by its width.
    var index: Int64 = -1
    /// How long every slot was taken, in microseconds.
    var full: Int64 = 0
    var attempts = 0
    /// What these took together, in microseconds.
    var taken: Int64 = 0
  }

  private static let width = Duration.seconds(5).microseconds
  /// Those of a minute, and the one that is being filled.
  private static let count: Int64 = 13
  /// Less time than this says nothing.
  private static let least = Duration.seconds(5).microseconds

  private var buckets = [Bucket](repeating: Bucket(), count: Int(count))
  /// Since when it has been watched; nil: it was never told anything.
  private var began: Timestamp?
  /// Until when `buckets` say how long every slot was taken, while they are; nil: a slot is free, or nothing waits for it.
  private var fullSince: Timestamp?

  package init() {}

  // MARK: What happens

  /// Call it whenever it may have changed.
  ///
  /// - Parameter isFull: Every slot is taken, something that is due waits for one, and nothing else would hold it back.
  package mutating func note(isFull: Bool, at now: Timestamp) {
    if began == nil { began = now }
    guard isFull != (fullSince != nil) else { return }
    if let since = fullSince { add(from: since, to: now) }
    fullSince = isFull ? now : nil
  }

  /// An attempt has ended.
  ///
  /// - Parameter duration: From its start to its end.
  package mutating func attemptEnded(took duration: Duration, at now: Timestamp) {
    if began == nil { began = now }
    let place = place(of: Self.index(of: now))
    buckets[place].attempts += 1
    buckets[place].taken += max(0, duration.microseconds)
  }

  private mutating func add(from start: Timestamp, to end: Timestamp) {
    let last = Self.index(of: end)
    var index = max(Self.index(of: start), last - Self.count + 1)
    while index <= last {
      let overlap =
        min(end.microseconds, (index + 1) * Self.width) - max(start.microseconds, index * Self.width)
      if overlap > 0 { buckets[place(of: index)].full += overlap }
      index += 1
    }
  }

  /// The bucket of a time, empty where it holds an older one.
  private mutating func place(of index: Int64) -> Int {
    let place = Int(index % Self.count)
    if buckets[place].index != index { buckets[place] = Bucket(index: index) }
    return place
  }

  private static func index(of time: Timestamp) -> Int64 { max(0, time.microseconds) / width }

  // MARK: What is told of it

  /// How it was in the last minute; nil: no slot was wanted in vain, no attempt ended, or it has not been watched for long
  /// enough.
  ///
  /// - Parameter concurrency: The slots that there are.
  package func reading(at now: Timestamp, concurrency: Int) -> Reading? {
    guard let began else { return nil }
    var current = self
    if let fullSince { current.add(from: fullSince, to: now) }
    let oldest = Self.index(of: now) - Self.count + 1
    let watched = now.microseconds - max(began.microseconds, oldest * Self.width)
    guard watched >= Self.least else { return nil }
    var (full, attempts, taken) = (Int64(0), 0, Int64(0))
    for bucket in current.buckets where bucket.index >= oldest {
      full += bucket.full
      attempts += bucket.attempts
      taken += bucket.taken
    }
    guard full > 0, attempts > 0, taken > 0 else { return nil }
    return Reading(
      share: min(1, Double(full) / Double(watched)),
      meanDuration: .microseconds(taken / Int64(attempts)), concurrency: concurrency)
  }
}

extension ConcurrencyLimit.Reading {
  /// From this share on, the slots are what a destination is limited by.
  private static let limiting = 0.5

  /// Every slot was taken for so much of the time that the destination got less than it could have.
  package var isLimiting: Bool { share >= Self.limiting }

  /// The most attempts in a second that these slots allow.
  package var attemptsPerSecond: Double { Double(concurrency) / max(meanDuration.inSeconds, 0.000_001) }

  /// The `concurrency` that would carry what arrives, with a fifth to spare; nil: unknown, or the slots that there are carry
  /// it and only what has gathered waits, or there can't be as many.
  ///
  /// - Parameters:
  ///   - arriving: New deliveries in a second.
  ///   - eventsPerRequest: How many of them a request carries, on the average.
  package func suggestedConcurrency(arriving: Double?, eventsPerRequest: Double = 1) -> Int? {
    guard let arriving else { return nil }
    let needed = (arriving / max(1, eventsPerRequest) * meanDuration.inSeconds * 1.2).rounded(.up)
    guard needed > Double(concurrency), needed <= Double(Destination.concurrencyBounds.upperBound) else {
      return nil
    }
    return Int(needed)
  }
}
