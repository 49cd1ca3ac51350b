/// Any answer that says no.
package struct ErrorAnswer: Decodable, Sendable, Equatable {
  package struct Problem: Decodable, Sendable, Equatable {
    package var code: String
    /// For people.
    package var message: String
  }

  package var error: Problem
  /// Of a wrong configuration: each error with its place.
  package var errors: [String]?
}

extension ErrorAnswer {
  /// `{"error":{"code":…,"message":…}}`, with `"errors"` where there are any.
  package static func json(code: String, message: String, errors: [String] = []) -> [UInt8] {
    AdminResponse(APIError(400, code, message, errors: errors.isEmpty ? nil : errors)).body
  }
}
