/// How large the body of a request becomes as events are added to it: in bytes, exactly as it will be sent, as long as no link
/// in it is rewritten.
struct BatchMeter: Sendable {
  private let format: Destination.Format
  private let forwardsToken: Bool
  private var events = 0
  /// Of the events with what stands around each.
  private var content = 0
  /// Of the `huggy` format: the types that stand in it.
  private var types: [String] = []
  private var keys = 0
  /// Of those that came with a `time`.
  private var newest: Event?
  private var tokenBytes: Int?

  init(for destination: Destination) {
    format = destination.format
    forwardsToken = destination.forwardsToken
  }

  /// Of what was added.
  var bytes: Int {
    switch format {
    case .event, .cloudevents: return content + max(0, events - 1) + 2
    case .huggy:
      // {"time":T,"messages":{"TYPE":[E,E],"TYPE":[E]},"token":"…"}
      let time = newest?.envelope.time.map { $0.count + 8 } ?? 0
      let token = tokenBytes.map { $0 + 9 } ?? 0
      let commas = max(0, events - types.count) + max(0, types.count - 1)
      return content + keys + commas + time + token + 15
    }
  }

  mutating func add(_ event: Event) {
    events += 1
    content += format == .cloudevents ? CloudEvent.bytes(of: event) : event.body.count
    guard format == .huggy else { return }
    if types.last != event.type && !types.contains(event.type) {
      types.append(event.type)
      keys += event.rawType.count + 5
    }
    if event.envelope.time != nil, newest.map({ $0.isOlder(than: event) }) ?? true { newest = event }
    if forwardsToken, let token = event.envelope.token { tokenBytes = token.count }
  }
}
