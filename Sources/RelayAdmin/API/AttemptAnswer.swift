import RelayCore

/// The last attempt of a delivery.
public struct AttemptAnswer: Decodable, Sendable, Equatable {
  public var at: Timestamp
  public var status: Int?
  /// Why there was no status.
  public var error: String?
  public var durationMs: Double

  init(_ attempt: DeliveryRecord.LastAttempt) {
    at = attempt.at
    status = attempt.status
    error = attempt.error
    durationMs = attempt.duration.apiMilliseconds
  }
}

extension AttemptAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("at", at)
      output.field("status", status)
      output.field("error", error)
      output.field("duration_ms", durationMs)
    }
  }
}

/// An attempt that failed.
public struct FailureAnswer: Decodable, Sendable, Equatable {
  /// From 1.
  public var attempt: Int
  public var at: Timestamp
  public var status: Int?
  public var error: String?
  public var durationMs: Double
  /// What was said, its first 1 KiB; what is no UTF-8 is replaced by U+FFFD.
  public var answer: String?

  init(_ failure: DeliveryRecord.Failure) {
    attempt = failure.attempt
    at = failure.at
    status = failure.status
    error = failure.error
    durationMs = failure.duration.apiMilliseconds
    answer = failure.answer.map { String(decoding: $0, as: UTF8.self) }
  }
}

extension FailureAnswer: JSONWritable {
  func write(to output: inout JSONOutput) {
    output.object { output in
      output.field("attempt", attempt)
      output.field("at", at)
      output.field("status", status)
      output.field("error", error)
      output.field("duration_ms", durationMs)
      output.field("answer", answer)
    }
  }
}
