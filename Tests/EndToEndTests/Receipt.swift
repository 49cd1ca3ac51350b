import Foundation
import RelayHarness
import Testing

/// What a sender is answered.
struct Receipt: Decodable {
  var accepted: Int
  var deliveries: Int
  var unrouted: Int
  var duplicate: Bool
  var events: [String]
  var rerouted: [String]?
}

/// Posts an envelope to the source `huggy`, which is to take it.
func answer(to body: [UInt8], at url: String) throws -> Receipt {
  let answer = try post(body, to: url + "/huggy")
  #expect(answer.status == 200)
  return try JSONDecoder().decode(Receipt.self, from: Data(answer.body))
}
