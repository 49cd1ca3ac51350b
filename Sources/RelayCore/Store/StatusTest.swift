/// What the last attempt was answered.
package enum StatusTest: Sendable, Hashable {
  case status(Int)
  /// `4xx`: its first digit.
  case statusClass(Int)
  /// An attempt that was not answered.
  case noAnswer
  /// There was no attempt.
  case noAttempt

  /// `422`, `5xx`, `none` or `unattempted`.
  package init?(_ text: String) {
    if text.lowercased() == "none" {
      self = .noAnswer
    } else if text.lowercased() == "unattempted" {
      self = .noAttempt
    } else if text.count == 3, text.lowercased().hasSuffix("xx"), let digit = text.first?.wholeNumberValue,
      (1...9).contains(digit)
    {
      self = .statusClass(digit)
    } else if let status = Int(text), (100...999).contains(status) {
      self = .status(status)
    } else {
      return nil
    }
  }

  /// - Parameters:
  ///   - status: The last attempt's; nil: it was not answered, or there was none.
  ///   - wasAttempted: Whether there was one.
  package func holds(_ status: Int?, wasAttempted: Bool) -> Bool {
    guard wasAttempted else { return self == .noAttempt }
    return switch self {
    case .status(let wanted): status == wanted
    case .statusClass(let digit): status.map { $0 / 100 == digit } ?? false
    case .noAnswer: status == nil
    case .noAttempt: false
    }
  }
}

extension StatusTest: CustomStringConvertible {
  /// As it is written, so that a condition can be made of what was seen.
  package var description: String {
    switch self {
    case .status(let status): "\(status)"
    case .statusClass(let digit): "\(digit)xx"
    case .noAnswer: "none"
    case .noAttempt: "unattempted"
    }
  }
}
