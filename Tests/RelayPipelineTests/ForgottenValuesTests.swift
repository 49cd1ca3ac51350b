import RelayCore
import Testing

@testable import RelayPipeline

/// What people looked for, after it was erased.
struct ForgottenValuesTests {
  private static let phone = "5575999990000"

  private static func values(_ conditions: String...) -> ForgottenValues {
    ForgottenValues(conditions.map { BodyCondition($0)! })
  }

  private let values = Self.values("customer.mobile=\(phone)", #"customer.name=Ana "Nina" Sá"#)

  @Test(arguments: [
    (phone, true), ("customer.mobile=\(phone)", true), ("wa.me/\(phone)", true), ("999990000", true),
    ("customer.mobile=*999990000", true), (#"ana "nina" sá"#, true), ("=\(phone)", true),
    ("5575", false), ("customer.mobile=5575*", false), ("boleto", false), ("customer.mobile=*", false),
    ("customer.mobile=null", false), ("5511999990000", false),
  ])
  func aSearchIsAboutThePersonIfItHoldsTheValueOrMostOfIt(text: String, isSo: Bool) {
    #expect(values.concerns(BodyCondition(text)!) == isSo)
  }

  @Test func aShortValueIsFoundOnlyWhereItStandsAlone() {
    let short = Self.values("id=7")
    #expect(short.concerns(BodyCondition("7")!) && short.concerns(BodyCondition("a.b=7")!))
    #expect(!short.concerns(BodyCondition("5575")!))
    #expect(short.reason("7 of them") == nil)
  }

  @Test func anEntryOfTheAuditKeepsAllButWhatWasLookedFor() {
    #expect(
      values.target(#"huggy {"type":["a"],"text":"\#(Self.phone)","since":"24h"}"#)
        == #"huggy {"type":["a"],"text":"[erased]","since":"24h"}"#)
    #expect(
      values.target(#"{"text":"Ana \"Nina\" S\u00e1","limit":5}"#) == #"{"text":"[erased]","limit":5}"#,
      "as JSON spells it")
    #expect(values.target(#"{"text":"boleto"}"#) == nil)
    #expect(values.target(#"{"chat":["\#(Self.phone)"]}"#) == nil, "ids stay")
    #expect(values.target(#"{"text":"\#(Self.phone)… (3000 bytes)"#) == #"{"text":"[erased]"#, "it was cut")
    #expect(values.target(#"{"text":"\#(Self.phone)\"#) == #"{"text":"[erased]"#, "within an escape")
    #expect(values.target("evt_1") == nil && values.target("") == nil)
  }

  @Test func aReplaysPlanKeepsAllButWhatWasLookedFor() {
    func plan(_ text: String?) -> ReplayPlan {
      ReplayPlan(
        events: EventFilter(chats: ["7"], text: text.flatMap { BodyCondition($0) }), target: .named(["crm"]))
    }
    #expect(values.plan(plan("customer.mobile=\(Self.phone)").text) == plan("[erased]").text)
    #expect(values.plan(plan("boleto").text) == nil && values.plan(plan(nil).text) == nil)
    #expect(values.plan("another version's \(Self.phone)") == nil)
  }

  @Test func aReasonKeepsItsOtherWords() {
    #expect(
      values.reason("ana \"nina\" sá (\(Self.phone)) asked; \(Self.phone), again")
        == "[erased] ([erased]) asked; [erased], again")
    #expect(values.reason("order 1\(Self.phone)") == nil, "another number")
    #expect(values.reason("order \(Self.phone)1") == nil, "another number")
    #expect(values.reason(nil) == nil && values.reason("ticket 4711") == nil)
  }
}
