import RelayConfig
import RelayCore
import Testing

/// What is valid, and hardly says what was meant.
@Suite struct SlipTests {
  private func warnings(_ keys: String, environment: [String: String] = exampleEnvironment) -> [String] {
    problems(of: route(keys), environment: environment).filter {
      !$0.contains("no route names this destination")
    }
  }

  // MARK: Numbers

  @Test(arguments: [
    "1_000", "0x10", "0o17", "010", "+5", ".5", "5.", "-.5", "1_0.5", "0b11", "12:30", "-1:30", ".inf",
    "-.Inf", ".NaN",
    "+1e3", "01e5",
  ])
  func aNumberInAnotherSpellingIsNoOperand(text: String) throws {
    let found = problems(of: route("match: { where: { flowID: { gt: \(text) } } }"))
    #expect(found.count == 1)
    #expect(found[0].contains("\(text) is a number to some YAML readers and text to others"), "\(found)")
    #expect(problems(of: route("match: { where: { flowID: { gt: '\(text)' } } }")).count == 1)
    #expect(warnings("match: { where: { flowID: { gt: '\(text)' } } }") == [])
  }

  @Test(arguments: [
    "0", "-0", "10", "-5", "0.5", "1e5", "-1.5E-10", "1e999999999", "2026-01-01", "abc", "10:30h", "0x", "_1",
    "1-2",
  ])
  func anOperandIsANumberAsJSONSpellsItOrText(text: String) {
    #expect(warnings("match: { where: { flowID: { gt: \(text) } } }") == [])
  }

  @Test(arguments: ["true", "false", "yes"])
  func aBooleanIsNoOperand(text: String) {
    #expect(problems(of: route("match: { where: { flowID: { gt: \(text) } } }")).count == 1)
    #expect(warnings("match: { where: { flowID: { gt: '\(text)' } } }") == [])
  }

  @Test func aNumberInAnotherSpellingIsATextToBeEqualTo() throws {
    let found = warnings("match: { where: { mobile: +5511999990000 } }")
    #expect(found.count == 1)
    #expect(found[0].contains("warning: routes.r.match.where.mobile: +5511999990000 is compared as text"))
    #expect(warnings("match: { where: { mobile: '+5511999990000' } }") == [])
  }

  // MARK: Misspelt names

  @Test(arguments: [
    ("receivedMesage", "receivedMessage"), ("recievedAllMessage", "receivedAllMessage"),
    ("createdCat", "createdChat"), ("CLOSEDCHATS", "closedChat"), ("sendAllMessage", "sentAllMessage"),
    ("'startedAutomatonFlw'", "startedAutomationFlow"), ("recievedAll*", "receivedAllMessage"),
    ("'*Mesage'", "receivedMessage"),
  ])
  func aTypeNearADocumentedOneIsTold(event: String, meant: String) {
    let found = warnings("match: { event: \(event) }")
    #expect(found.count == 1)
    #expect(found.first?.contains("but nearly \(meant); did you mean that?") == true, "\(found)")
    let excepted = warnings("match: { channel: '*' }\nexcept: [{ event: [closedChat, \(event)] }]")
    #expect(excepted.count == 1 && excepted[0].contains("except[0].event[1]: "), "\(excepted)")
  }

  @Test(arguments: [
    "createdChat", "CREATEDCHAT", "sentAllMessage", "sendedAllMessage", "orderPaid", "t", "chat", "'*Chat'",
    "'*'", "created*", "'???eivedMessage'", "createdOrder", "closed",
  ])
  func aTypeOfItsOwnIsNot(event: String) {
    #expect(warnings("match: { event: \(event) }") == [])
  }

  @Test(arguments: [
    ("whatsap", "whatsapp"), ("emial", "email"), ("widgets", "widget"), ("Telegran", "telegram"),
  ])
  func aChannelNearADocumentedOneIsTold(channel: String, meant: String) {
    let found = warnings("match: { channel: [widget, \(channel)] }")
    #expect(found.count == 1)
    #expect(found.first?.contains("but nearly \(meant)") == true, "\(found)")
    #expect(warnings("match: { channel: [widget, 'whatsapp*', null, sms, WhatsApp, 'My Shop'] }") == [])
  }

  // MARK: Ids

  @Test(arguments: [
    ("company: ''", "an empty id never matches"), ("company: '${EMPTY}'", "an empty id never matches"),
    ("company: ['1', '15691 ']", "blanks"), ("company: ' 15691'", "blanks"), ("company: '156 91'", "blanks"),
    ("where: { id: '' }", "an id is hardly empty"), ("where: { chat.id: '1 ' }", "blanks"),
    ("where: { chatID: \"1\\t\" }", "blanks"),
    ("event: orderPaid, where: { customer_id: [1, ' 2'] }", "blanks"),
    ("channel: ' my shop'", "blanks"),
  ])
  func anIDThatNoEventHasIsTold(match: String, message: String) {
    let found = warnings("match: { \(match) }")
    #expect(found.count == 1)
    #expect(found.first?.contains(message) == true, "\(found)")
  }

  @Test(arguments: [
    "company: '15691'", "company: ['1*', null]", "event: x, where: { body: '', name: 'A B', paid: ' x' }",
  ])
  func anOrdinaryIDOrTextIsNot(match: String) {
    #expect(warnings("match: { \(match) }") == [])
  }

  @Test func aSourcesCompanyWithABlankIsTold() {
    let found = problems(
      of:
        "sources: { huggy: { company: '1 ', token: [{ value: a, company: ' 2' }] } }\nroutes: [{ name: a, drop: true }]"
    )
    #expect(found.count == 2 && found.allSatisfy { $0.contains("blanks") }, "\(found)")
  }

  // MARK: Shadows

  private func shadows(_ list: String) -> [String] {
    problems(of: routes("routes:\n" + list.indented(by: 2))).filter { $0.contains("gets here") }
  }

  @Test(arguments: [
    ("event: createdChat", "event: createdChat"), ("event: [a, createdChat]", "event: CREATEDCHAT"),
    ("event: 'created*'", "event: [createdChat, createdCustomer]"), ("event: 'x*'", "event: 'x*'"),
    ("company: ['1', '2']", "company: '2', event: closedChat"), ("channel: [null, widget]", "channel: null"),
    ("company: '*'", "company: ['1', '2*']"), ("source: 'h*'", "source: huggy"),
    ("where: { a: [1, 2] }", "where: { a: 2, b: 3 }"),
    ("where: { a: { exists: true } }", "where: { a: 'x*' }"),
    ("where: { a: { gt: 5 } }", "where: { a: { gt: 5, lt: 9 } }"),
    ("event: createdChat, company: '1'", "event: createdChat, company: '1', channel: widget"),
  ])
  func aRouteThatAnEarlierOneLeavesNothingIsTold(first: String, second: String) {
    let lines = { (action: String) in
      "- { name: one, match: { \(first) }, \(action) }\n- { name: two, match: { \(second) }, to: analytics }\n"
    }
    for action in ["to: crm, stop: true", "drop: true"] {
      let found = shadows(lines(action))
      #expect(found.count == 1, "\(found)")
      #expect(
        found.first?.hasPrefix("5:5: warning: routes.two: no event gets here: routes.one, at line 4,") == true
      )
    }
    #expect(shadows(lines("to: crm")) == [])
  }

  @Test func ofTwoThatLeaveItNothingTheFirstIsNamed() {
    for number in 0..<20 {
      let found = shadows(
        """
        - { name: one, match: { company: '\(number)' }, drop: true }
        - { name: two, match: { event: createdChat }, drop: true }
        - { name: three, match: { event: createdChat, company: '\(number)' }, to: analytics }
        - { name: four, match: { event: createdChat }, drop: true }

        """)
      #expect(found.count == 2)
      #expect(found.first?.contains("routes.three: no event gets here: routes.one, at line 4,") == true)
    }
  }

  @Test(arguments: [
    ("event: createdChat", "event: closedChat"), ("event: createdChat", "company: '1'"),
    ("event: createdChat, company: '1'", "event: createdChat"), ("event: 'created*'", "event: 'c*'"),
    ("company: '*'", "company: null"), ("company: '1'", "company: ['1', '2']"),
    ("where: { a: 1 }", "where: { a: [1, 2] }"), ("where: { a: 1 }", "where: { b: 1 }"),
    ("where: { a: { exists: true } }", "where: { a: [1, null] }"),
    ("where: { a: { gt: 5 } }", "where: { a: { gt: 4 } }"),
    ("channel: widget", "channel: [widget, null]"), ("where: { a: { not: 1 } }", "where: { a: 2 }"),
  ])
  func aRouteThatMayGetEventsIsNot(first: String, second: String) {
    #expect(
      shadows(
        "- { name: one, match: { \(first) }, drop: true }\n- { name: two, match: { \(second) }, to: crm }\n")
        == [])
  }

  @Test func anExceptedRouteEndsNotAll() {
    #expect(
      shadows("- { name: one, except: { company: '1' }, drop: true }\n- { name: two, to: crm }\n") == [])
  }

  @Test func oneTypeOfSeveralThatIsTakenBeforeIsTold() {
    let found = shadows(
      "- { name: one, match: { event: closedChat }, drop: true }\n"
        + "- { name: two, match: { event: [createdChat, closedChat] }, to: crm }\n")
    #expect(found.count == 1)
    #expect(
      found.first?.hasPrefix("5:48: warning: routes.two.match.event[1]: no such event gets here") == true,
      "\(found)")
  }

  @Test func whatIsNotResolvedShadowsNothing() {
    let text = routes(
      "routes:\n  - { name: one, match: { company: \"${A}\" }, drop: true }\n"
        + "  - { name: two, match: { company: \"${B}\" }, to: [crm, analytics] }\n")
    #expect(problems(of: text, resolvesReferences: false) == [])
  }

  @Test(.timeLimit(.minutes(15))) func tenThousandRoutesThatEndAreCheckedInNoTime() throws {
    let list = (0..<10_000).map {
      "  - { name: r\($0), match: { event: kind\($0 % 3), company: c\($0) }, to: [crm, analytics], stop: true }\n"
    }
    #expect(try configuration(of: routes("routes:\n" + list.joined())).routes.count == 10_000)
  }

  // MARK: References and secrets

  @Test(arguments: [
    ("token: $HUGGY_TOKEN", [:], "write ${NAME}"), ("token: $SECRET", ["SECRET": "x"], "write ${SECRET}"),
    ("token: a-$SECRET", ["SECRET": "x"], "write ${SECRET}"),
  ])
  func aVariableWithoutBracesIsTold(keys: String, environment: [String: String], message: String) {
    let found = problems(
      of: "sources: { huggy: { \(keys) } }\nroutes: [{ name: a, drop: true }]", environment: environment)
    #expect(found.count == 1)
    #expect(found.first?.contains("is plain text here; \(message)") == true, "\(found)")
    #expect(!found.joined().contains("HUGGY_TOKEN"))
  }

  @Test(arguments: ["pa$$word", "a$b", "$$SECRET", "$1", "100$", "$", "x-$HUGGY_TOKEN"])
  func aDollarThatIsPartOfASecretIsNot(token: String) {
    #expect(
      problems(of: "sources: { huggy: { token: '\(token)' } }\nroutes: [{ name: a, drop: true }]") == [])
  }

  @Test(arguments: [
    ("sources: { huggy: { token: '${T:-public}' } }\n", "sources.huggy.token"),
    ("sources: { huggy: { token: [{ value: '${T:-public}' }] } }\n", "sources.huggy.token[0].value"),
    ("server: { admin_token: '${T:-public}' }\n" + oneSource, "server.admin_token"),
    (destination("auth: { bearer: '${T:-public}' }"), "destinations.crm.auth.bearer"),
    (
      destination("auth: { basic: { username: '${T:-u}', password: '${T:-public}' } }"), "auth.basic.password"
    ),
    (destination("headers: { X-Api-Key: '${T:-public}', X-Team: '${T:-data}' }"), "headers.X-Api-Key"),
    (
      destination("signing_secret: '${T:-whsec_ZXhhbXBsZS1rZXktZm9yLXRoZS1zaW5rLW9ubHk=}'"),
      "destinations.crm.signing_secret"
    ),
  ])
  func aSecretThatIsADefaultOfTheFileIsTold(text: String, keyPath: String) {
    let text =
      text + (text.contains("crm") ? "routes: [{ name: a, to: crm }]" : "routes: [{ name: a, drop: true }]")
    let found = problems(of: text)
    #expect(found.count == 1)
    #expect(found.first?.contains("\(keyPath): this secret is the default of ${T}") == true, "\(found)")
    #expect(!found.joined().contains("public"))
    #expect(problems(of: text, environment: ["T": "whsec_ZXhhbXBsZS1rZXktZm9yLXRoZS1zaW5rLW9ubHk="]) == [])
  }

  // MARK: Its own address

  @Test(arguments: [
    ("127.0.0.1:8080", "http://127.0.0.1:8080/huggy", "without end"),
    ("127.0.0.1:8080", "http://u:p@localhost:8080/huggy?x=1", "without end"),
    ("0.0.0.0:80", "http://127.0.0.1/other", "only its sources' paths"),
    ("'[::]:8080'", "http://[::1]:8080/huggy", "without end"),
    ("localhost:8080", "http://LOCALHOST:8080/huggy", "without end"),
    ("10.0.0.1:8080", "http://10.0.0.1:8080/huggy", "without end"),
    ("127.0.0.1:9", "http://127.0.0.1:8081/x", "server.admin"),
  ])
  func aDestinationThatIsTheRelayItselfIsTold(listen: String, url: String, message: String) {
    let found = problems(
      of: "server: { listen: \(listen) }\n" + oneSource + "destinations: { a: { url: '\(url)' } }\n"
        + "routes: [{ name: r, to: a }]")
    #expect(found.count == 1)
    #expect(found.first?.contains(message) == true, "\(found)")
  }

  @Test(arguments: [
    "http://127.0.0.1:9000/huggy", "https://127.0.0.1/huggy", "http://other.example:8080/huggy",
    "http://10.0.0.1:8080/huggy",
  ])
  func anotherAddressIsNot(url: String) {
    #expect(
      problems(of: oneSource + "destinations: { a: { url: '\(url)' } }\nroutes: [{ name: r, to: a }]") == [])
  }

  // MARK: Headers

  @Test func aHeaderThatManyServersDropIsToldAndOneWithoutAValueIsNotSent() throws {
    let text =
      destination("headers: { X_Team: a, X-Empty: \"${EMPTY}\", X-Blank: ' \t ', X-Ends: ' \ta b\t ' }")
      + "routes: [{ name: a, to: crm }]"
    let found = problems(of: text)
    #expect(found.count == 3)
    #expect(found.first?.contains("headers.X_Team: servers such as nginx, gunicorn and Django drop") == true)
    #expect(found.dropFirst().allSatisfy { $0.contains("so this header is not sent") })
    #expect(
      try configuration(of: text).destinations.first?.headers == [
        Destination.Header(name: "X_Team", value: Secret("a")),
        Destination.Header(name: "X-Ends", value: Secret("a b")),
      ])
  }

  @Test func anEmptyHeaderTakesThatOfTheDefaultsAway() throws {
    let text =
      oneSource + "defaults: { headers: { X-Team: all, X-Site: br } }\n"
      + "destinations: { crm: { url: 'http://crm.example', headers: { x-team: '' } } }"
    #expect(
      try configuration(of: text).destinations.first?.headers == [
        Destination.Header(name: "X-Site", value: Secret("br"))
      ])
  }

  // MARK: JSON

  @Test(arguments: [
    (
      #""server": { "admin": false }"#,
      #"'false' is not an address; write HOST:PORT, such as 127.0.0.1:8081, or off; in JSON: "off""#
    ),
    (#""server": { "admin": null }"#, #"found null; give a value or remove the key; in JSON: "off""#),
    (
      #""defaults": { "rate": null }"#,
      #"expected a rate such as 100/s, found null; give a value or remove the key; in JSON: "unlimited""#
    ),
    (#""defaults": { "retry": { "max_attempts": -1 } }"#, #"or unlimited; in JSON: "unlimited""#),
    (#""defaults": { "order_by": null }"#, #"in JSON: "none", "chat", "destination""#),
    (#""defaults": { "format": true }"#, #"in JSON: "huggy", "event", "cloudevents""#),
    (#""store": { "keep": true }"#, #"in JSON: "all", "routed""#),
  ])
  func wordsStandInQuotesWhereTheFileIsJSON(keys: String, message: String) {
    let found = problems(of: #" { "sources": { "huggy": { "token": "t" } }, \#(keys) }"#)
    #expect(found.count == 1)
    #expect(found.first?.hasSuffix(message) == true, "\(found)")
  }

  @Test func wordsStandBareInYAML() {
    let found = problems(of: "server: { admin: false }\n" + oneSource)
    #expect(found.first?.hasSuffix("such as 127.0.0.1:8081, or off") == true, "\(found)")
  }
}
