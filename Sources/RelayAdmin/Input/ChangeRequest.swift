import RelayCore
import RelayPipeline
import RelayText

/// Which deliveries a change is about: `{"ids":[…]}`, a filter, or `{"all":true}`; never all by leaving something out.
struct ChangeRequest: Equatable {
  enum Selection: Equatable {
    case ids([DeliveryID], events: [EventID])
    /// One for each state.
    case filters([DeliveryFilter])
  }

  var selection: Selection
  /// Nothing is to be changed, but counted.
  var isDryRun: Bool

  /// - Throws: what is wrong with the body, and what would be right.
  init(_ body: [UInt8], for verb: ChangeVerb, now: Timestamp) throws(APIError) {
    guard !body.isEmpty else { throw Self.nothing }
    var members = try ChangeBody.object(body, known: ["ids", "all", "dry_run"] + FilterReader.names)
    isDryRun = try Self.flag("dry_run", &members) ?? false
    let isAll = try Self.flag("all", &members) ?? false
    guard isAll || !members.isEmpty else { throw Self.nothing }
    if let ids = members["ids"] {
      guard members.count == 1, !isAll else {
        throw .invalidRequest("'ids', 'all' and a filter exclude each other; send one of them")
      }
      selection = try Self.ids(ids)
      return
    }
    let states = try Self.states(members.removeValue(forKey: "state"), for: verb)
    guard !isAll || members.isEmpty else {
      throw .invalidRequest("'all' and a filter exclude each other; only 'state' may stand beside 'all'")
    }
    var texts: [String: String] = [:]
    for (name, value) in members {
      guard case .string(let text) = value else { throw .invalidRequest("'\(name)' is not a string") }
      texts[name] = text
    }
    let filter = try FilterReader.filter(texts, now: now)
    selection = .filters(
      states.map { state in
        var filter = filter
        filter.state = state
        return filter
      })
  }

  private static let nothing = APIError.invalidRequest(
    #"say which deliveries: {"ids":[1,2]}, a filter such as {"destination":"crm"}, or {"all":true}"#)

  private static func flag(
    _ name: String, _ members: inout [String: JSONInput]
  ) throws(APIError) -> Bool? {
    guard let value = members.removeValue(forKey: name) else { return nil }
    guard case .bool(let flag) = value else { throw .invalidRequest("'\(name)' is not true or false") }
    return flag
  }

  /// Dead ones, unless more is said: one state, or a list of them.
  private static func states(
    _ json: JSONInput?, for verb: ChangeVerb
  ) throws(APIError) -> [DeliveryFilter.State] {
    var items: [JSONInput]
    switch json {
    case nil: return [.dead]
    case .array(let list): items = list
    case .some(let one): items = [one]
    }
    var states: [DeliveryFilter.State] = []
    for item in items {
      guard case .string(let text) = item else {
        throw .invalidRequest("'state' is not a string or a list of them")
      }
      let state = try FilterReader.state(text)
      guard verb.states.contains(state) else {
        let possible = verb.states.map(\.rawValue).joined(separator: ", ")
        let done =
          switch verb {
          case .retry: "retried"
          case .discard: "discarded"
          }
        throw .invalidRequest("\(state.rawValue) deliveries can't be \(done), only these: \(possible)")
      }
      if !states.contains(state) { states.append(state) }
    }
    guard !states.isEmpty else {
      throw .invalidRequest("'state' is an empty list; leave it out, or name one")
    }
    // They are among the discarded ones.
    if states.contains(.discarded) { states.removeAll { $0 == .overflowed } }
    return states
  }

  /// Each once, in the order given: numbers, or strings of digits; an event's id stands for its dead deliveries.
  private static func ids(_ json: JSONInput) throws(APIError) -> Selection {
    guard case .array(let items) = json else {
      throw .invalidRequest(#"'ids' is not an array; write {"ids":[1,2]}"#)
    }
    guard !items.isEmpty else {
      throw .invalidRequest("'ids' is an empty array; name a delivery or an event")
    }
    var seen: Set<Int64> = []
    var ids: [DeliveryID] = []
    var events: [EventID] = []
    for (index, item) in items.enumerated() {
      if case .string(let text) = item, let event = EventID(text) {
        if !events.contains(event) { events.append(event) }
        continue
      }
      let number: Int64? =
        switch item {
        case .integer(let number): number
        case .string(let text): Int64(text)
        default: nil
        }
      guard let number, number > 0 else {
        throw .invalidRequest(
          "ids[\(index)] is not the id of a delivery (a whole number from 1) or of an event (evt_…)")
      }
      if seen.insert(number).inserted { ids.append(DeliveryID(rawValue: number)) }
    }
    return .ids(ids, events: events)
  }
}

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
