import RelayCore
import Testing

@testable import RelayPipeline

/// Where a replay's walk sends what it comes to.
struct ReplayPlannerTests {
  private static let replay = Replay(id: 7, new: NewReplay(plan: "", startedAt: .second(0)))

  /// - Parameter there: Where it has been delivered.
  private func event(_ place: Int, type: String = "createdChat", there: [String] = []) -> ReplayableEvent {
    let body = Array(#"{"id":1}"#.utf8)
    return ReplayableEvent(
      record: EventRecord(
        id: EventID(high: 1, low: UInt64(place)), place: EventCursor(rawValue: Int64(place)), type: type,
        source: "huggy", company: nil, channel: nil, chat: nil, receivedAt: .second(1), configuration: "",
        routes: [], isDropped: false, body: body, bodyBytes: body.count, deliveries: []),
      standings: there.map { .init(destination: $0, state: .delivered) })
  }

  private func configuration(_ hash: String, to destinations: [String]) -> Configuration {
    .middle {
      $0.routes = [Route(name: "rule \(hash)", match: .events("*Chat"), action: .deliver(to: destinations))]
      $0.hash = hash
    }
  }

  @Test func theRulesAreThoseOfTheTimeWhenItComesToAnEvent() {
    var planner = ReplayPlanner(ReplayPlan(events: EventFilter(), target: .asRouted))
    let first = planner.targets(of: event(1), configuration("c1", to: ["crm"]))
    #expect(first == [ReplayStep.Target(destination: "crm", route: "rule c1")])
    let second = planner.targets(of: event(2), configuration("c2", to: ["bi"]))
    #expect(second == [ReplayStep.Target(destination: "bi", route: "rule c2")])
    #expect(planner.targets(of: event(3, type: "noise"), configuration("c2", to: ["bi"])).isEmpty)
  }

  @Test func aWalkThatWasPartedLeadsToItsDestinationAlone() {
    for target in [ReplayPlan.Target.named(["crm", "bi"]), .asRouted] {
      let plan = ReplayPlan(events: EventFilter(), target: target)
      let rules = configuration("c1", to: ["crm", "bi"])
      let page = ReplayPage(events: [event(1)], next: nil)
      var whole = ReplayPlanner(plan)
      let step = whole.steps(of: page, Self.replay, rules)[0]
      #expect(step.part == nil && step.others == ["crm", "bi"] && step.destinations == ["bi", "crm"])
      var parted = ReplayPlanner(plan, part: "bi")
      let part = parted.steps(of: page, Self.replay, rules)[0]
      #expect(part.part == "bi" && part.others.isEmpty && part.destinations == ["bi"])
    }
  }

  @Test func eachEntrySaysWhatWasPassedBeforeItAndWhereTheWalkGoesOn() {
    var planner = ReplayPlanner(ReplayPlan(events: EventFilter(), target: .named(["bi"])))
    let events = (1...9).map { event($0, there: [3, 4, 8, 9].contains($0) ? ["bi"] : []) }
    let step = planner.steps(of: ReplayPage(events: events, next: nil), Self.replay, .middle())[0]
    #expect(step.entries.map(\.skippedBefore) == [0, 0, 2, 0, 0])
    #expect(step.entries.map { $0.place?.rawValue } == [1, 2, 5, 6, 7])
    #expect(step.matched == 9 && step.skipped == 4 && step.cursor == "9")
  }

  @Test func whatHasNoBodyGoesNowhere() {
    var planner = ReplayPlanner(ReplayPlan(events: EventFilter(), target: .named(["bi"]), choice: .again))
    var erased = event(1)
    (erased.record.body, erased.record.bodyBytes) = ([], 0)
    #expect(planner.targets(of: erased, .middle()).isEmpty)
  }
}
