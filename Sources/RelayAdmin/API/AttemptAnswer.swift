import RelayCore

/// The last attempt of a delivery.
package struct AttemptAnswer: Answer {
  @Field("When it began.") package var at: Timestamp
  @Field("The status that was answered; null: there was no answer.") package var status: Int?
  @Field("Why there was no status.") package var error: String?
  @Field("How long it took, in milliseconds.") package var durationMs: Double
}

extension AttemptAnswer {
  init(_ attempt: DeliveryRecord.LastAttempt) {
    self.init()
    at = attempt.at
    status = attempt.status
    error = attempt.error
    durationMs = attempt.duration.apiMilliseconds
  }
}

/// An attempt that failed.
package struct FailureAnswer: Answer {
  @Field("Which one it was, from 1.") package var attempt: Int
  @Field("When it began.") package var at: Timestamp
  @Field("The status that was answered; null: there was no answer.") package var status: Int?
  @Field("Why there was no status.") package var error: String?
  @Field("How long it took, in milliseconds.") package var durationMs: Double
  @Field("What was said, its first 1 KiB; what is no UTF-8 is replaced by U+FFFD.", .contents) package
    var answer: String?
}

extension FailureAnswer {
  init(_ failure: DeliveryRecord.Failure) {
    self.init()
    attempt = failure.attempt
    at = failure.at
    status = failure.status
    error = failure.error
    durationMs = failure.duration.apiMilliseconds
    answer = failure.answer.map { String(decoding: $0, as: UTF8.self) }
  }
}
