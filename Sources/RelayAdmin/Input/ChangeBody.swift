import RelayCore

/// The bodies of changes.
enum ChangeBody {
  /// `{"ids":[…]}`, or a filter; `{}`: all that it can be done to.
  ///
  /// - Parameters:
  ///   - states: What it can be done to.
  ///   - verb: What is done, for messages.
  static func selection(
    _ body: [UInt8], states: [DeliveryFilter.State], verb: String, now: Timestamp
  ) throws(APIError) -> DeliverySelection {
    guard !body.isEmpty else {
      throw .invalidRequest(
        #"say which deliveries: {"ids":[1,2]}, or a filter such as {"destination":"crm"}; {} means all"#)
    }
    let members = try object(body, known: ["ids"] + FilterReader.names)
    if let ids = members["ids"] {
      guard members.count == 1 else {
        throw .invalidRequest("'ids' and a filter exclude each other; send one of them")
      }
      return .ids(try deliveryIDs(ids))
    }
    var texts: [String: String] = [:]
    for (name, value) in members {
      guard case .string(let text) = value else { throw .invalidRequest("'\(name)' is not a string") }
      texts[name] = text
    }
    let filter = try FilterReader.filter(texts, now: now)
    if let state = filter.state, !states.contains(state) {
      let possible = states.map(\.rawValue).joined(separator: " and ")
      throw .invalidRequest("only \(possible) deliveries can be \(verb), not \(state.rawValue) ones")
    }
    return .filter(filter)
  }

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

  private static func object(_ body: [UInt8], known: [String]) throws(APIError) -> [String: JSONInput] {
    guard let json = JSONInput.parse(body) else { throw .invalidRequest("the body is not JSON") }
    guard case .object(let members) = json else { throw .invalidRequest("the body is not a JSON object") }
    for name in members.keys.sorted() where !known.contains(name) {
      throw .invalidRequest(
        "there is no key '\(name.prefix(100))'\(NearestName.hint(for: name, among: known))")
    }
    return members
  }

  /// Each once, in the order given. Numbers, or strings of digits.
  private static func deliveryIDs(_ json: JSONInput) throws(APIError) -> [DeliveryID] {
    guard case .array(let items) = json else {
      throw .invalidRequest(#"'ids' is not an array; write {"ids":[1,2]}"#)
    }
    var seen: Set<Int64> = []
    var ids: [DeliveryID] = []
    for (index, item) in items.enumerated() {
      let number: Int64? =
        switch item {
        case .integer(let number): number
        case .string(let text): Int64(text)
        default: nil
        }
      guard let number, number > 0 else {
        throw .invalidRequest("ids[\(index)] is not the id of a delivery: a whole number from 1")
      }
      if seen.insert(number).inserted { ids.append(DeliveryID(rawValue: number)) }
    }
    return ids
  }
}
