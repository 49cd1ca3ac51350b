import RelayCore
import Testing

/// How people say what a body must hold.
struct BodyConditionTests {
  @Test func aPathAndAValueAreTold() {
    #expect(
      BodyCondition("customer.mobile=5575*")
        == .field(FieldPath(keys: ["customer", "mobile"]), .text(WildcardPattern("5575*"))))
    #expect(BodyCondition("closed_at=null") == .field(FieldPath(keys: ["closed_at"]), .null))
    #expect(
      BodyCondition(#"context."SYSTEM.CHAT_ID"=7"#)
        == .field(FieldPath(keys: ["context", "SYSTEM.CHAT_ID"]), .text(WildcardPattern("7"))))
  }

  @Test(arguments: ["5575", "what is this?", "a b=c", "aGVsbG8=", "https://x/?a=b", "a..b=c"])
  func anythingElseIsLookedForAsItIs(text: String) {
    #expect(BodyCondition(text) == .contains(text))
  }

  @Test func afterASignAllIsLookedFor() {
    #expect(BodyCondition("=a=b") == .contains("a=b"))
    #expect(BodyCondition("=customer.mobile=1") == .contains("customer.mobile=1"))
    #expect(BodyCondition("") == nil)
    #expect(BodyCondition("=") == nil)
  }

  @Test(arguments: ["a=b", "=a=b", "x", #""a.b".c=1"#, "a=null", "=="])
  func whatIsWrittenIsReadAsTheSame(text: String) throws {
    let condition = try #require(BodyCondition(text))
    #expect(BodyCondition(condition.description) == condition)
  }
}

/// Whether a body holds it.
struct BodyMatcherTests {
  private func holds(_ condition: String, _ body: String) -> Bool {
    var matcher = BodyMatcher(BodyCondition(condition)!)
    return Array(body.utf8).withUnsafeBufferPointer { matcher.holds($0) }
  }

  @Test func valuesCompareAsInWhere() {
    let body =
      #"{"id":15691,"customer":{"mobile":"5575999"},"tags":["a","b\u00e7"],"closed":null,"open":true}"#
    for condition in [
      "id=15691", "customer.mobile=5575*", "customer.mobile=5575999", "tags=bç", "tags=a", "closed=null",
      "gone=null",
      "open=true", "id=?????",
    ] { #expect(holds(condition, body), "\(condition)") }
    for condition in ["id=1569", "customer=*", "tags=c", "id=null", "closed=*", "ID=15691"] {
      #expect(!holds(condition, body), "\(condition)")
    }
  }

  /// Of duplicate keys the last counts, as in routes.
  @Test func theLastOfDuplicateKeysCounts() {
    #expect(holds("a=2", #"{"a":1,"a":2}"#))
    #expect(!holds("a=1", #"{"a":1,"a":2}"#))
  }

  /// An erased body is empty.
  @Test func whatIsNoBodyHoldsNothing() {
    #expect(!holds("a=1", ""))
    #expect(!holds("a=null", ""))
    #expect(!holds("x", ""))
  }
}
