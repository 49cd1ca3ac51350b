/// How much of header lines a request of several events may hold, so that what stands between takes it: what was measured of
/// receivers and proxies is in docs/batches.md.
package enum HeaderBudget {
  /// Of all lines that the relay sends, names and line ends included. Sanic and lighttpd take 8,192 with the request line,
  /// and proxies add lines of their own.
  package static let maxBytes = 6_000
  /// Varnish takes 58 lines, proxies' own included.
  package static let maxFields = 30
  /// Of the value of `huggy-relay-events`: a hundred ids and the commas between them are 4,099.
  package static let maxEventIDsBytes = 4_200

  /// Of the lines that the relay makes by itself, without `huggy-relay-events`, credentials, signatures and what is configured:
  /// as many as they can be, payload text in them included.
  private static let ownBytes = 1_500
  /// Of an event's id, with the comma before it.
  private static let eventIDBytes = 41

  /// How many events a request may hold, as far as its header lines go.
  static func mostEvents(for destination: Destination) -> Int {
    var others = ownBytes + destination.signingSecrets.count * 48 + 20
    for header in destination.headers {
      others += header.name.utf8.count + header.value.reveal.utf8.count + 4
    }
    switch destination.authorization {
    case .bearer(let token): others += token.reveal.utf8.count + 24
    case .basic(let username, let password):
      others += (username.utf8.count + password.reveal.utf8.count + 3) * 4 / 3 + 24
    case nil: break
    }
    return max(1, (min(maxEventIDsBytes, maxBytes - others) + 1) / eventIDBytes)
  }
}
