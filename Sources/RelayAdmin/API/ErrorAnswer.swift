/// Any answer that says no.
public struct ErrorAnswer: Decodable, Sendable, Equatable {
  public struct Problem: Decodable, Sendable, Equatable {
    public var code: String
    /// For people.
    public var message: String
  }

  public var error: Problem
  /// Of a wrong configuration: each error with its place.
  public var errors: [String]?
}

extension ErrorAnswer {
  /// `{"error":{"code":…,"message":…}}`, with `"errors"` where there are any.
  public static func json(code: String, message: String, errors: [String] = []) -> [UInt8] {
    AdminResponse(APIError(400, code, message, errors: errors.isEmpty ? nil : errors)).body
  }
}
