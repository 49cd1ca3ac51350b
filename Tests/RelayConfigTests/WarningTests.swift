import RelayConfig
import RelayCore
import Testing

@Suite struct WarningTests {
  /// The warnings about a route with these keys, from line 6, column 5.
  private func warnings(_ keys: String) -> [String] {
    problems(of: route(keys)).filter { !$0.contains("no route names this destination") }
  }

  @Test(arguments: [
    (
      "event: createdCustomer, where: { chat.situation: in_chat }",
      "6:47: warning: routes.r.match.where.chat.situation: "
        + "createdCustomer events have no 'chat.situation': this route can never match them"
    ),
    (
      "event: CREATEDcustomer, where: { chat.situation: in_chat }",
      "6:47: warning: routes.r.match.where.chat.situation: "
        + "createdCustomer events have no 'chat.situation': this route can never match them"
    ),
    (
      "event: [closedChat, createdChat], where: { tabulation: x }",
      "6:57: warning: routes.r.match.where.tabulation: "
        + "createdChat events have no 'tabulation': this route can never match them"
    ),
    (
      "event: [createdCustomer, createdChat], channel: widget",
      "6:62: warning: routes.r.match.channel: "
        + "createdCustomer events have no channel: this route can never match them"
    ),
    (
      "event: closedChat, where: { id: 1, Channel: { contains: a } }",
      "6:49: warning: routes.r.match.where.Channel: "
        + "closedChat events have no 'Channel': this route can never match them"
    ),
    (
      "event: '*AutomationFlow', where: { chat.id: 1 }",
      "6:49: warning: routes.r.match.where.chat.id: "
        + "no documented event that '*AutomationFlow' matches has 'chat.id': this route can never match one"
    ),
    (
      "event: created*, channel: '*', where: { name: a }",
      "6:54: warning: routes.r.match.where.name: "
        + "no documented event can meet all conditions (createdChat no 'name', createdCustomer no channel): this route "
        + "can never match one"
    ),
    (
      "where: { chat.situatoin: in_chat }",
      "6:23: warning: routes.r.match.where.chat.situatoin: "
        + "no documented event has 'chat.situatoin': this route can never match one"
    ),
  ])
  func aConditionThatADocumentedTypeCanNeverMeetIsTold(match: String, warning: String) {
    #expect(warnings("match: { \(match) }") == [warning])
  }

  @Test(arguments: [
    "event: createdCustomer, where: { chat.situation: null }",
    "event: createdCustomer, where: { chat.situation: [in_chat, ~] }",
    "event: createdCustomer, where: { chat.situation: { not: in_chat } }",
    "event: createdCustomer, where: { chat.situation: { exists: false } }",
    "event: createdCustomer, where: { chat.situation: { not: { exists: true } } }",
    "event: createdCustomer, channel: [widget, null]",
    "event: startedAutomationFlow, where: { context.anything.at.all: a, 'context.\"SYSTEM.X\"': b }",
    "event: receivedMessage, where: { file.url: '*', channel.source: a, chat.channel.name: b }",
    "event: '*Chat', where: { closed: 1 }",
    "event: '*', where: { agent.id: 1 }",
    "where: { agent.email: a }",
    "event: answeredChatForm, where: { whatever: 1 }, channel: widget",
    "event: somethingNew, where: { whatever: 1 }, channel: widget",
    "event: something*, where: { whatever: 1 }",
    "event: createdCustomer, company: '1', where: { company.id: 1, id: 2, email: '*@x' }",
  ])
  func aConditionThatCanBeMetIsNotTold(match: String) {
    #expect(warnings("match: { \(match) }") == [])
  }

  @Test(arguments: ["not: { exists: false }", "not: null", "exists: true, not: a", "gt: 1", "contains: a"])
  func aTestThatAnAbsentFieldFailsIsTold(test: String) {
    #expect(warnings("match: { event: closedChat, where: { nope: { \(test) } } }").count == 1)
  }

  @Test func anExceptMayNameWhatATypeLacks() {
    #expect(warnings("match: { event: createdCustomer }\nexcept: { channel: widget }") == [])
  }

  @Test func aSourceWithoutATokenIsTold() {
    let expected =
      "2:3: warning: sources.huggy: has no token: every sender is believed; set token to the one that Huggy shows"
    #expect(problems(of: "sources:\n  huggy: {}\nroutes: [{ name: a, drop: true }]") == [expected])
  }

  @Test(arguments: ["", "routes:\n", "routes: []\n"])
  func aFileWithoutRoutesIsTold(text: String) {
    let place = text.isEmpty ? "1:1: warning: " : "2:1: warning: routes: "
    #expect(problems(of: oneSource + text) == ["\(place)there are no routes: no event goes anywhere"])
  }

  @Test func aDestinationThatNoRouteNamesIsTold() {
    let expected =
      "2:53: warning: destinations.analytics: no route names this destination: nothing goes there, but what is replayed"
    #expect(problems(of: route("")) == [expected])
  }

  @Test(arguments: [
    "drop: true", "{ to: crm, stop: true }", "match: {}\n    drop: true",
    "match: { event: '*' }\n    drop: true",
  ])
  func routesAfterOneThatEndsEverythingAreTold(keys: String) {
    let keys = keys.replacing("{ to: crm, stop: true }", with: "to: crm\n    stop: true")
    let text = "routes:\n  - name: all\n    \(keys)\n  - name: late\n    to: [crm, analytics]\n"
    let line = 5 + keys.split(separator: "\n").count
    let expected =
      "\(line):5: warning: routes.late: no event gets here: routes.all, at line 4, matches every event and ends its "
      + "routing; move this route before it"
    #expect(problems(of: routes(text)) == [expected])
  }

  @Test(arguments: [
    "to: crm", "match: { event: 'a*' }\n    drop: true", "except: { event: b }\n    drop: true",
    "match: { company: '*' }\n    drop: true", "match: { where: { id: 1 } }\n    drop: true",
  ])
  func routesAfterOneThatLetsEventsPassAreNotTold(keys: String) {
    let text = "routes:\n  - name: some\n    \(keys)\n  - name: late\n    to: [crm, analytics]\n"
    #expect(problems(of: routes(text)) == [])
  }

  @Test(arguments: [
    (
      "timeout: 1s",
      "5:14: warning: destinations.crm.timeout: "
        + "connect_timeout is longer than timeout, which ends the whole attempt first; lower connect_timeout"
    ),
    (
      "connect_timeout: 11s",
      "5:22: warning: destinations.crm.connect_timeout: "
        + "connect_timeout is longer than timeout, which ends the whole attempt first; lower connect_timeout"
    ),
    (
      "http2: true",
      "5:12: warning: destinations.crm.http2: "
        + "HTTP/2 is spoken over TLS only, and this url is http://; remove one of the two"
    ),
    (
      "format: event\nforward_token: true",
      "6:20: warning: destinations.crm.forward_token: "
        + "only the format huggy has a place for the token; remove one of the two"
    ),
    (
      "tls: { verify: false }",
      "5:20: warning: destinations.crm.tls.verify: "
        + "whoever answers is believed to be the destination; give its authority as ca instead"
    ),
  ])
  func doubtfulKeysOfADestinationAreTold(keys: String, warning: String) {
    #expect(problems(of: destination(keys) + "routes: [{ name: a, to: crm }]") == [warning])
  }

  @Test func warningsAreNotToldBesideErrors() {
    #expect(
      problems(of: "sources: { huggy: {} }\nserver: { drain: 1 }").map { $0.prefix(20) } == [
        "2:18: server.drain: "
      ])
  }
}
