import RelayConfig
import RelayCore
import Testing

/// `server.admin_tokens`: people by name.
@Suite struct AdminTokenTests {
  static let texts = [
    FaultyConfiguration(
      "two people of one name",
      withSource(
        "server: { admin_tokens: [{ name: ana, value: a, role: viewer }, { name: ana, value: b, role: admin }] }"
      ),
      [
        "1:65: server.admin_tokens[1]: another person has this name; give each their own, so that the audit says who it was"
      ]),
    FaultyConfiguration(
      "two people with one token",
      withSource(
        "server: { admin_tokens: [{ name: ana, value: a, role: viewer }, { name: bia, value: a, role: admin }] }"
      ),
      [
        "1:65: server.admin_tokens[1]: another person has this token; give each their own, so that the audit says who it was"
      ]),
    FaultyConfiguration(
      "a role that there is not",
      withSource("server: { admin_tokens: [{ name: ana, value: a, role: root }] }"),
      [
        "1:55: server.admin_tokens[0].role: 'root' is no role; write metrics, viewer, reader, operator or admin"
      ]),
    FaultyConfiguration(
      "a person without a role",
      withSource("server: { admin_tokens: [{ name: ana, value: a }] }"),
      [
        "1:26: server.admin_tokens[0]: role is missing; write { name: ana, value: \"${ANA_TOKEN}\", role: operator }"
      ]),
    FaultyConfiguration(
      "a name of the relay's own",
      withSource("server: { admin_tokens: [{ name: local, value: a, role: admin }] }"),
      [
        "1:34: server.admin_tokens[0].name: 'local' is a name that the relay gives itself (admin: who has admin_token; local: anybody, where no token is asked for); choose another"
      ]),
    FaultyConfiguration(
      "people that are a mapping",
      withSource("server: { admin_tokens: { ana: a } }"),
      ["1:25: server.admin_tokens: expected a list of { name, value, role }, found a mapping"]),
  ]

  @Test(arguments: texts) func everyFaultOfPeopleIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }

  @Test func peopleHaveANameATokenAndARole() throws {
    let text = withSource(
      """
      server:
        admin_token: root
        admin_tokens:
          - { name: ana, value: "${ANA}", role: operator }
          - { name: prometheus, value: scrape, role: metrics }
      """)
    let server = try configuration(of: text, environment: ["ANA": "secret"]).server
    let people = [
      AdminToken(name: "ana", value: Secret("secret"), role: .operator),
      AdminToken(name: "prometheus", value: Secret("scrape"), role: .metrics),
    ]
    #expect(server.adminTokens == people)
    #expect(server.admins == [AdminToken(name: "admin", value: Secret("root"), role: .admin)] + people)
  }

  @Test func aPersonWithATokenIsEnoughForAnAddressThatOthersReach() throws {
    let people = "admin_tokens: [{ name: ana, value: a, role: admin }]"
    let server = try configuration(of: withSource("server: { admin: 0.0.0.0:8081, \(people) }")).server
    #expect(server.admins.count == 1)
    let problems = problems(of: withSource("server: { admin: 0.0.0.0:8081, admin_tokens: [] }"))
    #expect(problems.count == 1 && problems[0].contains("others than this machine can reach this address"))
  }
}
