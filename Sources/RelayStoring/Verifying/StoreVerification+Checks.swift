import RelayCore
import RelayText

/// What both stores look at, and say of what they find. Each brings its rows.
///
/// `keep` is what to keep before anything is tried: `copy of the store`, `dump of the database`.
extension StoreVerification.Check {
  package static let references = StoreVerification.Check(
    "references",
    advice:
      "rows are missing: what they belonged to is not sent, and the log says so; restore a backup if it matters"
  )

  package static let orderKeys = counting(
    StoreVerification.Check(
      "order keys",
      advice:
        "discard or retry the deliveries that are named, or change the destination's order_by to none and back: "
        + "their order is made anew"))

  package static func books(keep: String) -> StoreVerification.Check {
    StoreVerification.Check(
      "books",
      advice: "counts and max_backlog are off by so much, and nothing is lost; keep a \(keep) and report this"
    )
  }

  package static func events(keep: String) -> StoreVerification.Check {
    StoreVerification.Check(
      "events",
      advice:
        "what is named can't be relied on; restore a backup if it matters, and report this with a \(keep)")
  }

  package static func replays(keep: String) -> StoreVerification.Check {
    counting(
      StoreVerification.Check(
        "replays",
        advice:
          "nothing that was accepted is lost; what is named may be counted or shown wrongly: keep a \(keep) and report this"
      ))
  }

  /// One that says also of nothing how many that is.
  private static func counting(_ check: StoreVerification.Check) -> StoreVerification.Check {
    var check = check
    check.count = 0
    return check
  }

  /// Of what is settled the books count also what has gone since.
  package mutating func compare(
    booksOf destination: String, _ said: DeliverySums, with found: DeliverySums
  ) {
    func compare(_ what: String, _ count: KeyPath<DeliverySums, Int>, isExact: Bool) {
      self.compare(
        "\(destination): the books say", what, said[keyPath: count], with: found[keyPath: count],
        isExact: isExact)
    }
    compare("pending", \.pending, isExact: true)
    compare("pending of replays", \.replaying, isExact: true)
    compare("dead", \.dead, isExact: true)
    compare("bytes of backlog", \.backlogBytes, isExact: true)
    compare("delivered", \.delivered, isExact: false)
    compare("discarded", \.discarded, isExact: false)
    compare("overflowed", \.overflowed, isExact: false)
    self.count = (self.count ?? 0) + 1
  }

  /// Of each key the first is attempted, and all others wait.
  ///
  /// - Parameters:
  ///   - first: Of a key's pending deliveries.
  ///   - attempted: How many of them do not wait.
  ///   - firstAttempted: Of those; nil: there is none.
  package mutating func look(
    atKeyOf destination: String, first: Int64, attempted: Int, firstAttempted: Int64?
  ) {
    count = (count ?? 0) + 1
    guard attempted != 1 || firstAttempted != first else { return }
    found(
      "\(destination), delivery \(first): it is the first of its key, and "
        + (attempted == 0
          ? "none of the key is attempted"
          : "\(attempted.counted("is", "are")) attempted at once or before it"))
  }

  /// Of what is settled a replay counts also what has gone since; of one that is gone there may be some left.
  ///
  /// - Parameters:
  ///   - walk: How its walk along the events has ended; 0: it has not.
  ///   - hasEnded: It says when it ended.
  package mutating func compare(
    replay id: Int64, _ said: ReplaySums, with found: ReplaySums, walk: Int64, hasEnded: Bool
  ) {
    func compare(_ what: String, _ count: KeyPath<ReplaySums, Int>, isExact: Bool) {
      self.compare(
        "replay \(id): it says", what, said[keyPath: count], with: found[keyPath: count], isExact: isExact)
    }
    compare("pending", \.pending, isExact: true)
    compare("delivered", \.delivered, isExact: false)
    compare("dead", \.dead, isExact: true)
    compare("discarded", \.discarded, isExact: false)
    if (walk == 0) == hasEnded {
      self.found("replay \(id): its walk is \(walk), and it says \(hasEnded ? "an" : "no") end")
    }
    self.count = (self.count ?? 0) + 1
  }

  /// - Parameter isExact: Else it may say more than was found.
  private mutating func compare(
    _ who: String, _ what: String, _ said: Int, with found: Int, isExact: Bool
  ) {
    guard isExact ? said != found : said < found else { return }
    self.found("\(who) \(said) \(what), and there are \(found)")
  }

  package mutating func foundUnsoundBody(of event: EventID) {
    found("\(event) has a body that is no JSON object: what was accepted has changed")
  }
}

extension DeliveryState {
  /// Whether one of this state can have this reason, by its number.
  package func goesWith(reason: Int?) -> Bool {
    switch self {
    case .dead: reason.flatMap(DeathReason.init) != nil
    case .discarded: reason.flatMap(DiscardReason.init) != nil
    case .fresh, .retrying, .waiting, .delivered: reason == nil
    }
  }
}
