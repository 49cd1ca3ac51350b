/// What the store's tables are called: every statement takes its names from here, and from nowhere else.
///
/// `envelope`, `event`, `delivery` and `failure` are made up of a table for each day, and of what was kept of days that have gone. Who knows the
/// day, and that it can't have gone, names that table alone.
struct TableNames: Hashable, Sendable {
  let source = "source"
  let destination = "destination"
  let route = "route"
  let configuration = "configuration"
  let envelope = "envelope"
  let event = "event"
  let delivery = "delivery"
  let failure = "failure"
  let book = "book"
  /// They take turns: `FoldStatements`.
  let bookDeltas = ["book_delta_a", "book_delta_b"]
  let folded = "folded"
  let foldTurn = "fold_turn"
  let unlisted = "unlisted"
  let learnedToken = "learned_token"
  let gap = "gap"
  let audit = "audit"
  let replay = "replay"
  let replayed = "replayed"
  let replayDelta = "replay_delta"
  /// Where the numbers of replays come from.
  let replayNumber = "replay_number"
  let clock = "clock"
  let clockStep = "clock_step"
  let lane = "lane"
  let configured = "configured"
  let news = "news"
  let telling = "telling"
  let request = "request"
  /// They take turns: `TwinTurn`.
  let twins = ["twin_a", "twin_b"]
  let moving = "moving"

  /// The wholes of all tables of days, without what is kept.
  var eventDays: String { "\(event)_\(DayTableSchema.days)" }
  var deliveryDays: String { "\(delivery)_\(DayTableSchema.days)" }
  var failureDays: String { "\(failure)_\(DayTableSchema.days)" }
  var wholesOfDays: [String] { [eventDays, deliveryDays, failureDays] }
  /// What was moved out of its day.
  var eventKept: String { "\(event)_\(DayTableSchema.kept)" }
  var deliveryKept: String { "\(delivery)_\(DayTableSchema.kept)" }
  var failureKept: String { "\(failure)_\(DayTableSchema.kept)" }

  /// The tables of a day; nil: the whole ones, which find the day of each row.
  func of(_ day: Day?) -> DayNames {
    let suffix = day.map { "_\($0.name)" } ?? ""
    return DayNames(
      suffix: suffix, envelope: envelope + suffix, event: event + suffix, delivery: delivery + suffix,
      failure: failure + suffix)
  }
}

/// What the tables of a day are called.
struct DayNames: Hashable, Sendable {
  /// Of the names of statements that are about this day alone.
  let suffix: String
  let envelope: String
  let event: String
  let delivery: String
  let failure: String
}
