import RelayCore

/// How far apart samples are, and how many of them are kept.
package enum SeriesStep: String, Sendable, CaseIterable {
  case tenSeconds = "10s"
  case fiveMinutes = "5m"

  package var duration: Duration {
    switch self {
    case .tenSeconds: .seconds(10)
    case .fiveMinutes: .seconds(300)
    }
  }

  /// An hour, or a week.
  package var kept: Int {
    switch self {
    case .tenSeconds: 360
    case .fiveMinutes: 2_016
    }
  }

  /// The number of the step that this moment lies in: they are counted from 1970 by the steady clock, so that a step has the
  /// same number in each run of the relay.
  func number(at steady: Timestamp) -> Int64 {
    steady.microseconds.flooredDivision(by: duration.microseconds).quotient
  }

  /// When a step begins, by the steady clock.
  func beginning(of number: Int64) -> Timestamp {
    Timestamp(microseconds: number * duration.microseconds)
  }
}
