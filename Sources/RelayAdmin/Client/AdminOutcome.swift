import RelayCore
import RelayText

/// What an answer of the admin API means to the one who asked.
package enum AdminOutcome: Sendable, Equatable {
  /// Done; its JSON.
  case done([UInt8])
  /// It said no: why, and of a wrong configuration each error.
  case refused(code: String, message: String, errors: [String])
  /// Whatever answered, it is not the admin API.
  case notTheAPI(String)

  /// - Parameter hasToken: Whether the request had one.
  package init(status: Int, contentType: String?, body: [UInt8], hasToken: Bool) {
    let isJSON = contentType?.lowercased().hasPrefix("application/json") ?? false
    if isJSON, (200..<300).contains(status) {
      self = .done(body)
    } else if isJSON, let answer = try? AnswerDecoder.decode(ErrorAnswer.self, from: body) {
      var message = answer.error.message
      if status == 401 {
        message =
          (hasToken ? "the token is wrong" : "a token is needed")
          + ": give the relay's server.admin_token in HUGGY_RELAY_ADMIN_TOKEN, or with --admin-token"
      }
      self = .refused(
        code: answer.error.code, message: message.forTerminal(maxCharacters: 1_000),
        errors: (answer.errors ?? []).map { $0.forTerminal(maxCharacters: 1_000) })
    } else {
      self = .notTheAPI("something answered with status \(status), but not as a relay's admin API does")
    }
  }
}

/// Reads the API's answers, on the side that asks.
package enum AnswerDecoder {
  /// - Throws: It is not such an answer.
  package static func decode<Answer: Decodable>(_ type: Answer.Type, from body: [UInt8]) throws -> Answer {
    guard let json = JSONInput.parse(body) else { throw APIError.invalidRequest("this is not JSON") }
    return try RecordDecoder.decode(type, from: json, .answer)
  }

  /// Contents were left out of it, since whoever asked may not see them.
  package static func isMasked(_ body: [UInt8]) -> Bool {
    body.suffix(RecordEncoder.mask.count) == RecordEncoder.mask[...]
  }
}

extension Timestamp: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let time = Timestamp(rfc3339: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time")
    }
    self = time
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Duration {
  /// Seconds, to the millisecond.
  var apiSeconds: Double { (inSeconds * 1_000).rounded() / 1_000 }
  /// Milliseconds, to the microsecond.
  var apiMilliseconds: Double { Double(microseconds) / 1_000 }
}
