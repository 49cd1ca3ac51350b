import RelayCore

/// What is kept of a failed attempt.
package struct MovedFailure: Sendable, Equatable {
  /// Its number, from 1.
  package var attempt: Int
  /// It was made.
  package var result: MovedAttempt
  package var answer: [UInt8]?
  package var requestHeaders: [UInt8]?
  package var answerHeaders: [UInt8]?

  package init(
    attempt: Int, result: MovedAttempt, answer: [UInt8]?, requestHeaders: [UInt8]?, answerHeaders: [UInt8]?
  ) {
    self.attempt = attempt
    self.result = result
    self.answer = answer
    self.requestHeaders = requestHeaders
    self.answerHeaders = answerHeaders
  }

  /// As a part of a row.
  func add(to row: inout RowDigest) {
    row.add(attempt)
    result.add(to: &row)
    row.add(optional: answer) { $0.add($1) }
    row.add(optional: requestHeaders) { $0.add($1) }
    row.add(optional: answerHeaders) { $0.add($1) }
  }
}
