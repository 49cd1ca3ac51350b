extension HeaderBudget {
  /// How many header lines a request may have, and what they take with their names and line ends.
  package struct Lines: Sendable, Equatable {
    package var fields = 0
    package var bytes = 0

    fileprivate mutating func add(_ name: String, _ value: Int) {
      fields += 1
      // The colon, the space and the line's end.
      bytes += name.utf8.count + value + 4
    }
  }

  /// The longest value of each line that the relay makes, in bytes; `huggy-relay-events` and `webhook-signature` depend on the
  /// destination. A text of an event is at most 256 bytes, a source's name 64.
  package static let longestValues: [(name: String, bytes: Int)] = [
    ("content-type", 40), ("user-agent", 40), ("webhook-id", 40), ("webhook-timestamp", 20),
    ("huggy-event", 256), ("huggy-source", 64), ("huggy-company", 256), ("huggy-channel", 256),
    ("huggy-relay-attempt", 10), ("huggy-relay-age", 10), ("huggy-relay-replay", 4), ("traceparent", 55),
    // What libcurl adds beside the host.
    ("accept", 3), ("content-length", 10),
  ]

  /// `evt_` and a UUID.
  private static let eventIDBytes = 40

  /// The longest value of `huggy-relay-events` in a batch of so many, were nothing else in its way.
  package static func eventIDsBytes(_ events: Int) -> Int {
    min(maxEventIDsBytes, events * (eventIDBytes + 1) - 1)
  }

  /// All the lines of the largest batch to a destination at their longest, its own headers and credentials included.
  package static func mostLines(to destination: Destination) -> Lines {
    var lines = linesWithoutEventIDs(to: destination)
    if let batch = destination.batch { lines.add(eventIDs, eventIDsBytes(batch.maxEvents)) }
    return lines
  }

  /// How many events a request to it may hold, as far as its header lines go; at least one.
  static func mostEvents(to destination: Destination) -> Int {
    let left = maxBytes - linesWithoutEventIDs(to: destination).bytes - eventIDs.utf8.count - 4
    return max(1, (min(maxEventIDsBytes, left) + 1) / (eventIDBytes + 1))
  }

  private static let eventIDs = "huggy-relay-events"

  private static func linesWithoutEventIDs(to destination: Destination) -> Lines {
    var lines = Lines()
    for (name, bytes) in longestValues { lines.add(name, bytes) }
    if !destination.signingSecrets.isEmpty {
      // With a space between two.
      lines.add(
        "webhook-signature", destination.signingSecrets.reduce(-1) { $0 + $1.scheme.signatureBytes + 1 })
    }
    let (host, userInfo) = authority(of: destination.url)
    lines.add("host", host)
    for header in destination.headers { lines.add(header.name, header.value.reveal.utf8.count) }
    switch destination.authorization {
    case .bearer(let token): lines.add("authorization", "Bearer ".utf8.count + token.reveal.utf8.count)
    case .basic(let username, let password):
      lines.add("authorization", basic(username.utf8.count + 1 + password.reveal.utf8.count))
    // As much as most servers' tokens are: what is more is at the cost of what receivers have beyond their least.
    case .oauth2: lines.add("authorization", "Bearer ".utf8.count + 2_048)
    case nil: if let userInfo { lines.add("authorization", basic(userInfo)) }
    }
    return lines
  }

  private static func basic(_ bytes: Int) -> Int { "Basic ".utf8.count + (bytes + 2) / 3 * 4 }

  /// The lengths of the host with its port, and of the credentials before it.
  private static func authority(of url: Secret) -> (host: Int, userInfo: Int?) {
    guard let start = url.reveal.firstRange(of: "://")?.upperBound else { return (0, nil) }
    let authority = url.reveal[start...].prefix { !"/?#".contains($0) }.utf8
    guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return (authority.count, nil) }
    return (authority[authority.index(after: at)...].count, authority[..<at].count)
  }
}
