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
