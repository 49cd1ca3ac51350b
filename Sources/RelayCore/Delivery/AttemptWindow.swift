/// What came of a destination's attempts in a time that ends now.
package struct AttemptWindow: Sendable, Equatable {
  /// What came of some attempts, and how many they were.
  package struct Cause: Sendable, Equatable {
    /// nil: several, that were too many to be told apart.
    package var cause: AttemptCause?
    package var count: Int

    package init(_ cause: AttemptCause?, count: Int) {
      self.cause = cause
      self.count = count
    }

    package var words: String { cause.map { "\($0)" } ?? "various" }
  }

  /// The attempts of one type of events, some of which failed.
  package struct TypeFailures: Sendable, Equatable {
    package var type: String
    package var attempts: Int
    package var failed: Int
    /// Why most of them failed.
    package var cause: Cause

    package init(type: String, attempts: Int, failed: Int, cause: Cause) {
      self.type = type
      self.attempts = attempts
      self.failed = failed
      self.cause = cause
    }
  }

  /// How many causes and types are named.
  package static let maxNamed = 10

  package var length: Duration
  /// The part of it in which attempts were counted: since the relay's start, if that was later.
  package var counted: Duration
  package var attempts = 0
  package var failed = 0
  /// How long all attempts took together.
  package var time = Duration.zero
  /// By the outcome's class.
  package var classes: [AttemptOutcome: Int] = [:]
  /// Of those that failed, most of all first.
  package var causes: [Cause] = []
  /// Where some failed: those with the most failures first.
  package var types: [TypeFailures] = []

  package init(length: Duration, counted: Duration? = nil) {
    self.length = length
    self.counted = counted ?? length
  }

  /// 0 to 1; nil: there were no attempts.
  package var failureRate: Double? { attempts > 0 ? Double(failed) / Double(attempts) : nil }

  package var meanDuration: Duration? { attempts > 0 ? time / attempts : nil }
}

extension AttemptWindow {
  /// - Parameter types: By their places; the place after the last stands for all others.
  init(length: Duration, counted: Duration, _ tally: AttemptTally, types: [String]) {
    self.init(length: length, counted: counted)
    time = tally.time
    var byCause: [AttemptCause?: Int] = [:]
    var byType: [Int: [AttemptTally.Cell]] = [:]
    for cell in tally.cells {
      attempts += Int(cell.count)
      byType[Int(cell.type), default: []].append(cell)
      classes[cell.cause.map { AttemptOutcome($0) } ?? .network, default: 0] += Int(cell.count)
      guard !cell.isSuccess else { continue }
      failed += Int(cell.count)
      byCause[cell.cause, default: 0] += Int(cell.count)
    }
    causes = Self.most(byCause)
    let failing = byType.compactMap { place, cells in
      Self.failures(of: place < types.count ? types[place] : AttemptHistory.otherTypes, cells)
    }
    self.types = Array(failing.sorted { ($1.failed, $0.type) < ($0.failed, $1.type) }.prefix(Self.maxNamed))
  }

  private static func most(_ counts: [AttemptCause?: Int]) -> [Cause] {
    let causes = counts.map { Cause($0.key, count: $0.value) }
    return Array(causes.sorted { ($1.count, $0.words) < ($0.count, $1.words) }.prefix(maxNamed))
  }

  private static func failures(of type: String, _ cells: [AttemptTally.Cell]) -> TypeFailures? {
    let failed = cells.filter { !$0.isSuccess }
    guard let worst = failed.max(by: { $0.count < $1.count }) else { return nil }
    return TypeFailures(
      type: type, attempts: cells.reduce(0) { $0 + Int($1.count) },
      failed: failed.reduce(0) { $0 + Int($1.count) },
      cause: Cause(worst.cause, count: Int(worst.count)))
  }
}

/// What came of an attempt, in a few classes: the metric's label.
package enum AttemptOutcome: String, Sendable, CaseIterable {
  case success = "2xx"
  case redirection = "3xx"
  case clientError = "4xx"
  case serverError = "5xx"
  /// No status in time, or not even a connection.
  case timeout
  /// No status for any other reason, or one below 200, which ends no exchange.
  case network

  package init(_ cause: AttemptCause) {
    switch cause {
    case .status(200..<300): self = .success
    case .status(300..<400): self = .redirection
    case .status(400..<500): self = .clientError
    // A status that HTTP does not have is as bad as 5xx (RFC 9110, 15).
    case .status(500...): self = .serverError
    case .status: self = .network
    case .failure(.timeout), .failure(.connectTimeout): self = .timeout
    case .failure(.nameResolution), .failure(.connectionRefused), .failure(.connection), .failure(.tls),
      .failure(.reset), .failure(.other), .failure(.egress),
      .failure(.token):
      self = .network
    }
  }
}
