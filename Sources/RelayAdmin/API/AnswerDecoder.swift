import Foundation
import RelayCore

/// Reads the API's answers, on the side that asks.
package enum AnswerDecoder {
  /// - Throws: `DecodingError`: it is not such an answer.
  package static func decode<Answer: Decodable>(_ type: Answer.Type, from body: [UInt8]) throws -> Answer {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(body))
  }
}

extension Timestamp: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let time = Timestamp(rfc3339: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time")
    }
    self = time
  }
}

extension Duration {
  /// Seconds, to the millisecond.
  var apiSeconds: Double { (inSeconds * 1_000).rounded() / 1_000 }
  /// Milliseconds, to the microsecond.
  var apiMilliseconds: Double { Double(microseconds) / 1_000 }
}
