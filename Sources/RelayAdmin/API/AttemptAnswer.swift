import RelayCore

/// The last attempt of a delivery.
package struct AttemptAnswer: Decodable, Sendable, Equatable {
  package var at: Timestamp
  package var status: Int?
  /// Why there was no status.
  package var error: String?
  package var durationMs: Double

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
package struct FailureAnswer: Decodable, Sendable, Equatable {
  /// From 1.
  package var attempt: Int
  package var at: Timestamp
  package var status: Int?
  package var error: String?
  package var durationMs: Double
  /// What was said, its first 1 KiB; what is no UTF-8 is replaced by U+FFFD.
  package var answer: String?

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
