import RelayCore
import Testing

@testable import RelayPipeline

struct ReplayPlanTests {
  private static let everything = EventFilter(
    ids: [EventID(high: 0x0190_A0B0_C0D0_7E0F, low: 0x8A0B_0C0D_0E0F_0A0B)],
    types: [WildcardPattern("*Message", ignoringCase: true), WildcardPattern("a&b=c", ignoringCase: true)],
    companies: [.null, .text(WildcardPattern("156*"))],
    channels: [.text(WildcardPattern("whats*", ignoringCase: true))], chats: ["7", "é ü+%"],
    sources: [WildcardPattern("huggy")], routes: [WildcardPattern("all")],
    destinations: [WildcardPattern("c?m")], outcomes: [.dead, .discarded],
    text: BodyCondition("customer.mobile=5575*"), since: .second(5), until: .second(900))

  @Test(arguments: [
    ReplayPlan(events: EventFilter(), target: .asRouted),
    ReplayPlan(events: everything, target: .named(["crm", "bi"]), choice: .missing),
    ReplayPlan(
      events: EventFilter(chats: ["1"]), target: .asRouted, choice: .again,
      rate: Rate(count: 600, per: .seconds(60))),
  ])
  func aPlanIsTheSameAfterTheStoreHasKeptIt(plan: ReplayPlan) {
    #expect(ReplayPlan(text: plan.text) == plan)
  }

  @Test(arguments: [
    "", "type=a", "to=crm&as_routed=true", "to=crm&colour=red", "to=crm&ids=x", "to=crm&outcome=lost",
    "to=crm&rate=5", "to=crm&rate=0/1", "to",
  ])
  func whatAnotherVersionHasWrittenIsNotGuessedAt(text: String) {
    #expect(ReplayPlan(text: text) == nil)
  }

  private static let states = DeliveryFilter.State.allCases

  @Test(arguments: [
    (ReplayPlan.Choice.new, [Bool](repeating: false, count: 5)), (.again, [true, true, true, true, true]),
    (.missing, [false, false, false, true, true]),
  ])
  func whomAnEventIsSentToIsAMatterOfWhatBecameOfItThere(choice: ReplayPlan.Choice, sent: [Bool]) {
    let plan = ReplayPlan(events: EventFilter(), target: .asRouted, choice: choice)
    let found = Self.states.map { plan.sends(to: "crm", [.init(destination: "crm", state: $0)]) }
    #expect(found == sent)
    #expect(plan.sends(to: "crm", [.init(destination: "bi", state: .delivered)]))
  }

  @Test func oneThatNeverArrivedAndIsOnItsWayIsNotMissing() {
    let plan = ReplayPlan(events: EventFilter(), target: .asRouted, choice: .missing)
    let standings = [DeliveryFilter.State.overflowed, .pending].map {
      ReplayableEvent.Standing(destination: "crm", state: $0)
    }
    #expect(!plan.sends(to: "crm", standings))
  }

  // MARK: Steps

  private func page(_ count: Int, bytes: Int = 100, next: EventCursor? = nil) -> ReplayPage {
    ReplayPage(
      events: (1...max(1, count)).prefix(count).map { place in
        ReplayableEvent(
          record: EventRecord(
            id: EventID(high: 1, low: UInt64(place)), place: EventCursor(rawValue: Int64(place)), type: "a",
            source: "huggy", company: nil, channel: nil, chat: nil, receivedAt: .second(1), configuration: "",
            routes: [], isDropped: false, body: [], bodyBytes: bytes, deliveries: []),
          standings: place % 3 == 0 ? [.init(destination: "bi", state: .delivered)] : [])
      }, next: next)
  }

  private func steps(_ page: ReplayPage, _ plan: ReplayPlan) -> [ReplayStep] {
    var planner = ReplayPlanner(plan)
    return planner.steps(of: page, Replay(id: 7, new: NewReplay(plan: "", startedAt: .second(0))), .middle())
  }

  @Test func aPageBecomesShortStepsEachWithItsCursorAndTheLastGoesOnBehindThePage() {
    let plan = ReplayPlan(events: EventFilter(), target: .named(["crm", "bi"]), choice: .again)
    let found = steps(page(200, next: EventCursor(rawValue: 500)), plan)
    #expect(found.map { $0.entries.count } == [128, 72])
    #expect(found.map(\.cursor) == ["128", "500"] && found.map(\.isLast) == [false, false])
    #expect(found.map(\.matched) == [128, 72] && found.allSatisfy { $0.replay == 7 && $0.ahead == 4_096 })
    #expect(found[0].entries[0].bytes == 612)
  }

  @Test func whatGoesNowhereIsCountedAndTheLastPageEnds() {
    let plan = ReplayPlan(events: EventFilter(), target: .named(["bi"]))
    let found = steps(page(9), plan)
    #expect(found.count == 1 && found[0].isLast && found[0].cursor == "9")
    #expect(found[0].matched == 9 && found[0].skipped == 3 && found[0].entries.count == 6)
    #expect(steps(page(0), plan) == [ReplayStep(replay: 7, others: ["bi"], entries: [], isLast: true)])
  }

  @Test func largeEventsMakeShorterSteps() {
    let plan = ReplayPlan(events: EventFilter(), target: .named(["crm"]))
    #expect(steps(page(5, bytes: 400_000), plan).map { $0.entries.count } == [2, 2, 1])
    #expect(steps(page(2, bytes: 4_000_000), plan).map { $0.entries.count } == [1, 1])
  }

  @Test func aRateIsKeptByStepsOfAQuarterSecondAndNoMoreThanASecondAhead() {
    let plan = ReplayPlan(
      events: EventFilter(), target: .named(["crm"]), rate: Rate(count: 1_200, per: .seconds(60)))
    let found = steps(page(12), plan)
    #expect(found.map { $0.entries.count } == [5, 5, 2] && found.allSatisfy { $0.ahead == 20 })
    #expect(ReplayPlanner(plan).pause(after: found[0]) == .milliseconds(250))
    #expect(ReplayPlanner(ReplayPlan(events: EventFilter(), target: .asRouted)).pause(after: found[0]) == nil)
  }
}
