import RelayPipeline

/// An answer that says no, and what would be right.
struct APIError: Error, Equatable {
  var status: Int
  var code: String
  /// For people.
  var message: String
  /// The errors of a wrong configuration, each with its location.
  var errors: [String]?
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

  static func invalidRequest(_ message: String) -> APIError { APIError(400, "invalid_request", message) }

  init(_ error: OperationError) {
    let status =
      switch error.code {
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
package struct ErrorAnswer: Decodable, Sendable, Equatable {
  package struct Problem: Decodable, Sendable, Equatable {
    package var code: String
    /// For people.
    package var message: String
  }

  package var error: Problem
  /// The errors of a wrong configuration, each with its location.
  package var errors: [String]?
}

extension ErrorAnswer {
  /// `{"error":{"code":…,"message":…}}`, with `"errors"` where there are any.
  package static func json(code: String, message: String, errors: [String] = []) -> [UInt8] {
    AdminResponse(APIError(400, code, message, errors: errors.isEmpty ? nil : errors)).body
  }
}
