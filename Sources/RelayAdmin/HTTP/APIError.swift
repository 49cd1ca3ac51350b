import RelayPipeline
import RelayText

/// An answer that says no, and what would be right.
struct APIError: Error, Equatable {
  var status: Int
  var code: String
  /// For people.
  var message: String
  /// The errors of a wrong configuration, each with its location.
  var errors: [String]?
  /// For a change with `expected`: that number, and the number found.
  var counts: Counts?
  var headers: [AdminResponse.Header] = []

  init(
    _ status: Int, _ code: String, _ message: String, errors: [String]? = nil,
    headers: [AdminResponse.Header] = []
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.errors = errors
    self.headers = headers
  }

  struct Counts: Equatable {
    var expected: Int
    var found: Int
  }

  static func invalidRequest(_ message: String) -> APIError { APIError(400, "invalid_request", message) }

  static func unexpectedCount(_ counts: Counts) -> APIError {
    let (expected, found) = (counts.expected, counts.found)
    var error = APIError(
      409, "unexpected_count",
      "it would be \(found.counted("delivery", "deliveries")) by now, and \(expected.grouped) \(expected == 1 ? "was" : "were") "
        + "expected: nothing was changed; look again")
    error.counts = counts
    return error
  }

  init(_ error: OperationError) {
    let status =
      switch error.code {
      case .invalidSample: 400
      case .notFound: 404
      case .conflict: 409
      case .invalidConfiguration: 422
      case .unavailable: 503
      }
    self.init(
      status, error.code.rawValue, error.message,
      errors: error.code == .invalidConfiguration ? error.details : nil)
  }
}

/// Any answer that says no.
package struct ErrorAnswer: Answer {
  package struct Problem: Record {
    @Field("A word for programs.") package var code: String
    @Field("For people: what is wrong, and what would be right.") package var message: String
    @Field("Of an envelope: the place that is to blame, in bytes.", .leftOutIfNil) package var offset: Int?
    @Field("Of a change with `expected`: what that was.", .leftOutIfNil) package var expected: Int?
    @Field("Of a change with `expected`: how many deliveries it would be.", .leftOutIfNil) package var found:
      Int?
  }

  @Field("What went wrong.") package var error: Problem
  @Field("The errors of a wrong configuration, each with its place.", .leftOutIfNil) package var errors:
    [String]?
}

extension ErrorAnswer {
  init(_ error: APIError) {
    self.init()
    var problem = Problem()
    problem.code = error.code
    problem.message = error.message
    problem.expected = error.counts?.expected
    problem.found = error.counts?.found
    self.error = problem
    errors = error.errors
  }

  /// `{"error":{"code":…,"message":…}}`, with `"errors"` where there are any.
  package static func json(code: String, message: String, errors: [String] = []) -> [UInt8] {
    (try? RecordEncoder.answer(
      ErrorAnswer(APIError(400, code, message, errors: errors.isEmpty ? nil : errors)))) ?? []
  }
}
