import RelayConfig
import RelayCore
import Testing

@Suite struct RouteLoadingTests {
  private func route(_ keys: String) throws -> Route {
    try #require(try configuration(of: RelayConfigTests.route(keys)).routes.first)
  }

  private func test(_ text: String) throws -> FieldTest? {
    try route("match: { where: { f: \(text) } }").match.fields.first?.test
  }

  @Test func theRoutesOfTheInterfaceAreRead() throws {
    let routes = try configuration(
      of: routes(
        """
        routes:
          - name: internal-noise
            match: { event: "*Message", where: { is_internal: true } }
            drop: true
          - name: whatsapp-to-crm
            match:
              source: huggy
              event: receivedAllMessage
              company: ["15691", 6618]
              channel: ["whatsapp*", widget]
              where:
                chat.situation: [in_chat, wait_for_chat]
                sender.email: "*@acme.com"
                chat.department: { not: 11445 }
            except: { where: { senderType: bot } }
            to: [crm, analytics]
            stop: false
        """)
    ).routes
    #expect(
      routes == [
        Route(
          name: "internal-noise",
          match: Match(
            events: [WildcardPattern("*Message", ignoringCase: true)],
            fields: [FieldCondition(path: FieldPath(keys: ["is_internal"]), test: .equals("true"))]),
          action: .drop),
        Route(
          name: "whatsapp-to-crm",
          match: Match(
            sources: [WildcardPattern("huggy")],
            events: [WildcardPattern("receivedAllMessage", ignoringCase: true)],
            companies: [.text(WildcardPattern("15691")), .text(WildcardPattern("6618"))],
            channels: ["whatsapp*", "widget"].map { .text(WildcardPattern($0, ignoringCase: true)) },
            fields: [
              FieldCondition(
                path: FieldPath(keys: ["chat", "situation"]),
                test: .equalsAny(["in_chat", "wait_for_chat"].map { .text(WildcardPattern($0)) })),
              FieldCondition(path: FieldPath(keys: ["sender", "email"]), test: .equals("*@acme.com")),
              FieldCondition(path: FieldPath(keys: ["chat", "department"]), test: .not(.equals("11445"))),
            ]),
          except: [
            Match(fields: [FieldCondition(path: FieldPath(keys: ["senderType"]), test: .equals("bot"))])
          ],
          action: .deliver(to: ["crm", "analytics"])),
      ])
  }

  @Test(arguments: [
    ("15691", "15691"), ("1.0", "1.0"), ("0x1F", "0x1F"), ("007", "007"), ("1e3", "1e3"), ("true", "true"),
    ("\"yes\"", "yes"), ("'null'", "null"), ("\"~\"", "~"), ("2020-03-05", "2020-03-05"), ("1:30", "1:30"),
    ("''", ""),
    ("y", "y"), ("\"${PORT}\"", "8080"), ("\"$${PORT}\"", "${PORT}"), ("\"a[*]b\"", "a[*]b"),
    (".inf", ".inf"),
  ])
  func aScalarComparesByItsSourceText(text: String, pattern: String) throws {
    #expect(try test(text) == .equals(pattern))
  }

  @Test(arguments: ["null", "~", "Null", "NULL", ""])
  func nullMatchesNullAndAbsent(text: String) throws {
    #expect(try test(text) == .equalsAny([.null]))
    let match = try route("match: { company: \(text), channel: [widget, \(text.isEmpty ? "~" : text)] }")
      .match
    #expect(match.companies == [.null])
    #expect(match.channels == [.text(WildcardPattern("widget", ignoringCase: true)), .null])
  }

  @Test(arguments: [
    ("{ not: [a, null] }", FieldTest.not(.equalsAny([.text(WildcardPattern("a")), .null]))),
    ("{ not: { exists: true } }", .not(.exists(true))),
    ("{ not: { not: a } }", .not(.not(.equals("a")))),
    ("{ exists: false }", .exists(false)),
    ("{ contains: boleto }", .contains(["boleto"])),
    ("{ contains: [boleto, '*'] }", .contains(["boleto", "*"])),
    ("{ gt: 1, lte: 2.50 }", .all([.compare(.greater, to: "1"), .compare(.lessOrEqual, to: "2.50")])),
    ("{ gte: '2020-01-01' }", .compare(.greaterOrEqual, to: "2020-01-01")),
    ("{ lt: \"0x1F\", not: a }", .all([.compare(.less, to: "0x1F"), .not(.equals("a"))])),
  ])
  func eachOperatorIsRead(text: String, expected: FieldTest) throws {
    #expect(try test(text) == expected)
  }

  @Test func aPathWithAQuotedKeyIsRead() throws {
    let match = try route("match:\n  where:\n    'context.\"SYSTEM.CHAT_ID\"': 1\n    context.\"a.b\".c: 2")
      .match
    #expect(match.fields.map(\.path.keys) == [["context", "SYSTEM.CHAT_ID"], ["context", "a.b", "c"]])
  }

  @Test func aRouteNeedsOnlyItsNameAndWhereItGoes() throws {
    #expect(try route("") == Route(name: "r", action: .deliver(to: ["crm"])))
    #expect(try route("match: {}\nstop: true") == Route(name: "r", action: .deliver(to: ["crm"]), stop: true))
  }

  @Test func everyBlockOfAnExceptIsRead() throws {
    let except = try route("except:\n  - event: a\n  - { channel: null }").except
    #expect(
      except == [Match(events: [WildcardPattern("a", ignoringCase: true)]), Match(channels: [.null])])
  }

  @Test func aSourceMayBeAPattern() throws {
    #expect(try route("match: { source: 'nobody*' }").match.sources == [WildcardPattern("nobody*")])
  }
}

extension FieldTest {
  fileprivate static func equals(_ pattern: String) -> FieldTest {
    .equalsAny([.text(WildcardPattern(pattern))])
  }
}
