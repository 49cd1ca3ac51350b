import RelayCore

@testable import RelayPipeline

extension SeriesReading {
  /// Counts of `crm` and `huggy` since the start of the relay, all of them configured.
  static func of(
    attempts: Int = 0, failed: Int = 0, delivered: Int = 0, pending: Int? = 0, accepted: Int = 0,
    latencies: [Int] = []
  ) -> SeriesReading {
    var reading = SeriesReading()
    var crm = Destination(attempts: attempts, failed: failed, delivered: delivered, latencies: latencies)
    if let pending { crm.books = Books(pending: pending, dead: 0) }
    reading.destinations["crm"] = crm
    reading.sources["huggy"] = Source(accepted: accepted, events: accepted * 2, refused: 0)
    reading.configuredDestinations = ["crm"]
    reading.configuredSources = ["huggy"]
    return reading
  }

  /// The same of another configuration.
  func configured(_ destinations: [String], sources: [String] = ["huggy"]) -> SeriesReading {
    var reading = self
    reading.configuredDestinations = destinations
    reading.configuredSources = sources
    for name in destinations where reading.destinations[name] == nil {
      reading.destinations[name] = Destination(books: Books(pending: 0, dead: 0))
    }
    return reading
  }
}

extension Timestamp {
  /// So many seconds after a moment at which five minutes begin.
  static func series(_ seconds: Double) -> Timestamp {
    Timestamp(microseconds: 1_767_323_100_000_000 + Int64(seconds * 1_000_000))
  }
}

extension SeriesReport.Numbers {
  /// nil for what there is not.
  var shown: [Double?] {
    values.map { $0 == Self.none ? nil : areTenths ? Double($0) / 10 : Double($0) }
  }
}

extension SeriesReport {
  func destination(_ name: String = "crm") -> Destination? { destinations.first { $0.name == name } }
}

/// Takes a sample shortly after the end of each ten seconds, as the relay does.
struct SeriesRun {
  var book: SeriesBook
  private(set) var now: Timestamp
  var history = ClockHistory()

  /// - Parameter start: When the relay starts; a sample is taken at the end of the ten seconds that this lies in.
  init(_ reading: SeriesReading = .of(), from start: Timestamp = .series(0)) {
    book = SeriesBook(reading)
    now = start
  }

  @discardableResult
  mutating func next(_ reading: SeriesReading) -> SeriesBook.Change {
    let step = SeriesStep.tenSeconds
    now = step.beginning(of: step.number(at: now) + 1).advanced(by: .milliseconds(20))
    return book.take(reading, at: now)
  }

  /// Nobody looks meanwhile.
  mutating func sleep(_ time: Duration) { now = now.advanced(by: time) }

  func report(_ request: SeriesRequest = SeriesRequest(since: nil)) -> SeriesReport {
    book.report(request, at: now, history)
  }

  /// The last few ten seconds.
  func last(_ count: Int, _ step: SeriesStep = .tenSeconds) -> SeriesReport {
    let whole = report(SeriesRequest(step: step))
    return report(
      SeriesRequest(step: step, since: whole.until.advanced(by: .zero - step.duration * count)))
  }
}
