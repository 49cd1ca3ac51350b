import RelayCore

/// The last attempt of a delivery.
package struct AttemptAnswer: Answer {
  @Field("When it began.") package var at: Timestamp
  @Field("The status that was answered; null: there was no answer.") package var status: Int?
  @Field("Why there was no status.") package var error: String?
  @Field("How long it took, in milliseconds.") package var durationMs: Double
  @Field("The address and port that it went to; null: no connection was tried.") package var peer: String?
  @Field("How long it took until the answer's first byte, in milliseconds; null: there was none.")
  package var firstByteMs: Double?
}

extension AttemptAnswer {
  init(_ attempt: DeliveryRecord.LastAttempt) {
    self.init()
    at = attempt.at
    status = attempt.status
    error = attempt.error
    durationMs = attempt.duration.apiMilliseconds
    peer = attempt.peer?.description
    firstByteMs = attempt.firstByte?.apiMilliseconds
  }
}

/// An attempt that failed.
package struct FailureAnswer: Answer, WithFacts {
  @Field("Which one it was, from 1.") package var attempt: Int
  @Fields package var facts = AttemptAnswer()
  @Field("What was said, its first 1 KiB; what is no UTF-8 is replaced by U+FFFD.", .contents) package
    var answer: String?
  @Field("The header lines that were sent, secrets masked; none: nothing was sent.") package
    var requestHeaders: [String]
  @Field("The header lines of the answer, its first 1 KiB of them; null: there was none.", .contents) package
    var answerHeaders: [String]?
}

extension FailureAnswer {
  init(_ failure: DeliveryRecord.Failure) {
    self.init()
    attempt = failure.attempt
    facts.at = failure.at
    facts.status = failure.status
    facts.error = failure.error
    facts.durationMs = failure.duration.apiMilliseconds
    facts.peer = failure.peer?.description
    facts.firstByteMs = failure.firstByte?.apiMilliseconds
    requestHeaders = Self.lines(failure.evidence.requestHeaders)
    answerHeaders = failure.evidence.answerHeaders.map { Self.lines($0) }
    answer = failure.answer.map { String(decoding: $0, as: UTF8.self) }
  }

  var withoutAnswer: FailureAnswer {
    var failure = self
    failure.answer = nil
    failure.answerHeaders = nil
    return failure
  }

  private static func lines(_ bytes: [UInt8]?) -> [String] {
    (bytes ?? []).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
  }
}
