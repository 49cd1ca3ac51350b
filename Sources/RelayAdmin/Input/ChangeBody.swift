import RelayCore
import RelayText

/// The bodies of changes of a destination, and what those of all changes have in common.
enum ChangeBody {
  /// `{"until":TIME}`; without it (or a body): nil.
  static func pauseEnd(_ body: [UInt8], now: Timestamp) throws(APIError) -> Timestamp? {
    guard let until = try body.isEmpty ? nil : object(body, known: ["until"])["until"], until != .null else {
      return nil
    }
    guard case .string(let text) = until, let time = Timestamp(rfc3339: text) else {
      throw .invalidRequest("'until' is no time; write RFC 3339, such as 2026-01-02T03:04:05Z")
    }
    guard time > now else { throw .invalidRequest("'until' (\(time)) is past: it is \(now)") }
    return time
  }

  /// No body, or `{}`.
  static func nothing(_ body: [UInt8]) throws(APIError) {
    if !body.isEmpty { _ = try object(body, known: []) }
  }

  static func object(_ body: [UInt8], known: [String]) throws(APIError) -> [String: JSONInput] {
    guard let json = JSONInput.parse(body) else { throw .invalidRequest("the body is not JSON") }
    guard case .object(let members) = json else { throw .invalidRequest("the body is not a JSON object") }
    for name in members.keys.sorted() where !known.contains(name) {
      throw .invalidRequest(
        "there is no key '\(name.prefix(100))'\(NearestName.hint(for: name, among: known))")
    }
    return members
  }
}
