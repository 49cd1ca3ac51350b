import RelayCore
import RelayCurl
import RelayJSON
import RelayText

/// The request by which Huggy makes sure that it has the right receiver.
enum Handshake {
  /// `{"token":T,"validToken":true}`
  static func body(token: String) -> [UInt8] {
    var body = Array(#"{"token":"#.utf8)
    JSONWriter.appendString(token, to: &body)
    return body + Array(#","validToken":true}"#.utf8)
  }

  /// Only a 2xx whose body is the token, byte for byte, will do.
  static func verdict(on response: BlockingResponse, token: String) -> HandshakeOutcome {
    if (200..<300).contains(response.status) && response.body == Array(token.utf8) { return .confirmed }
    let got = "the answer was \(response.status) with \(quoted(response.body, hiding: token))"
    return .refused("\(got); \(advice(response))")
  }

  static func verdict(on failure: TransportFailure) -> HandshakeOutcome {
    .refused(
      "no answer (\(failure)); check the URL, and that the relay runs and listens there (`server.listen`)")
  }

  private static func advice(_ response: BlockingResponse) -> String {
    switch response.status {
    case 200..<300:
      "expected was exactly the token; check that the URL is the relay's ingest, not some other server"
    case 401: "check the token against the source's `token` in routes.yaml"
    case 404: "check the URL's path against the `path` of `sources` in routes.yaml"
    case 405: "check the URL: this one takes no POST (the admin address, perhaps?)"
    case 503: "the relay is up but can't take envelopes; see its log and /readyz"
    default: "check the URL"
    }
  }

  /// The answer's beginning as a JSON string, so that a stray line end shows. The token is a secret.
  private static func quoted(_ body: [UInt8], hiding token: String) -> String {
    var text = String(decoding: body.prefix(300), as: UTF8.self)
    if !token.isEmpty {
      text = text.split(separator: token, omittingEmptySubsequences: false).joined(separator: "[token]")
    }
    var literal: [UInt8] = []
    JSONWriter.appendString(text, to: &literal)
    return String(decoding: literal, as: UTF8.self).forTerminal(maxCharacters: 300)
  }
}

/// Whether the receiver confirmed Huggy's handshake.
package enum HandshakeOutcome: Sendable, Equatable, CustomStringConvertible {
  case confirmed
  /// What came instead, and what to check. Never holds the token.
  case refused(String)

  package var description: String {
    switch self {
    case .confirmed: "confirmed"
    case .refused(let reason): "FAILED: \(reason)"
    }
  }
}
