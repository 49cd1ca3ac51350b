import RelayCore
import RelayPipeline
import RelayText

/// `POST /api/v1/events/replay`: which events, and where they are sent again. Never all by leaving something out.
package struct ReplayInput: Input {
  @Fields package var filter = EventFilterInput()
  @Field("All events that the store has.") package var all: Bool?
  @Field("To these destinations, whatever the routes say.") package var to: TextList
  @Field("Where the routes, as they are now, send each.") package var asRouted: Bool?
  @Field("Also where an event has a delivery already; without it, there it is not sent.") package var again:
    Bool?
  @Field(
    "Where a destination never got an event and will not by itself: it has no delivery there, or only ones that overflowed "
      + "or were discarded.")
  package var missing: Bool?
  @Field("At most so many deliveries in a time: `50/s`, `600/m` or `5000/h`.", .form(.rate)) package var rate:
    String?
  @Field("Count, and send nothing.") package var dryRun: Bool?

  package init() {}
}

extension ReplayInput {
  var isDryRun: Bool { dryRun ?? false }

  /// What is wrong with it; nil: nothing.
  package func problem(now: Timestamp) -> String? {
    do throws(APIError) {
      _ = try plan(now: now)
      return nil
    } catch {
      return error.message
    }
  }

  func plan(now: Timestamp) throws(APIError) -> ReplayPlan {
    let events = try filter.filter(now: now)
    guard all == true || !events.isEmpty else {
      throw .invalidRequest(
        #"say which events: {"ids":["evt_…"]}, a filter such as {"since":"1h"}, or {"all":true}"#)
    }
    guard all != true || events.isEmpty else {
      throw .invalidRequest("'all' and a filter exclude each other; send one of them")
    }
    guard to.texts.isEmpty == (asRouted == true) else {
      throw .invalidRequest(
        #"say where to: {"to":["crm"]}, or {"as_routed":true} for where the routes send each; one of them"#)
    }
    guard again != true || missing != true else {
      throw .invalidRequest("'again' and 'missing' exclude each other; send one of them")
    }
    var names: [String] = []
    for name in to.texts where !names.contains(name) { names.append(name) }
    return ReplayPlan(
      events: events, target: names.isEmpty ? .asRouted : .named(names),
      choice: again == true ? .again : missing == true ? .missing : .new, rate: try rate.map(Self.rate))
  }

  private static func rate(_ text: String) throws(APIError) -> Rate {
    let digits = text.prefix { ("0"..."9").contains($0) }
    let intervals: [String: Duration] = ["/s": .seconds(1), "/m": .seconds(60), "/h": .seconds(3600)]
    guard let count = Int(digits), count > 0, let interval = intervals[String(text[digits.endIndex...])]
    else {
      throw .invalidRequest("'rate' is '\(text.prefix(100))', which is no rate; write 50/s, 600/m or 5000/h")
    }
    return Rate(count: count, per: interval)
  }
}

/// `GET /api/v1/replays`.
package struct ReplaysInput: Input {
  @Fields package var page = PageInput()

  package init() {}
}
