import Foundation
import RelayHarness
import Testing

/// People with roles, and what the relay remembers of what they did.
@Suite struct PeopleTests {
  private static func yaml(_ people: String) -> String {
    """
    server:
      listen: 127.0.0.1:0
      admin: 127.0.0.1:0
      admin_tokens: [\(people)]
    sources: { huggy: {} }
    destinations: { crm: { url: "http://127.0.0.1:9/", paused: false } }
    routes: [{ name: all, to: crm }]
    """
  }

  @Test func eachDoesWhatTheirRoleAllowsAndTheAuditSaysWho() async throws {
    let people = """
      { name: vera, value: v, role: viewer }, { name: rita, value: r, role: reader }, \
      { name: otto, value: o, role: operator }, { name: ada, value: a, role: admin }
      """
    let setting = try Setting(Self.yaml(people))
    let relay = try setting.start()
    let person = try #require(Operator(relay))
    let url = try #require(relay.ingestURL())
    let event = try #require(
      try eventIDs(try post(envelope(("createdChat", #""name":"Maria""#)), to: url + "/huggy")).first)

    let nobody = try person.run("status")
    #expect(nobody.status == 1 && nobody.errors.contains("a token is needed"))
    let shown = try person.run("event", event, "--admin-token", "v")
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.errors.contains("contents of events are left out"))
    #expect(!(try person.run("event", event, "--json", "--admin-token", "v").output.contains("Maria")))
    let read = try person.run("event", event, "--json", "--admin-token", "r", "--reason", "ticket 7")
    #expect(read.output.contains("Maria"))
    let refused = try person.run("pause", "crm", "--admin-token", "r")
    #expect(refused.status == 1 && refused.errors.contains("needs the role operator"))
    let paused = try person.run("pause", "crm", "--admin-token", "o", "--reason", "maintenance")
    #expect(paused.status == 0, "\(paused.errors)")

    #expect(try person.run("audit", "--admin-token", "r").status == 1)
    let changes = try person.run("audit", "--admin-token", "o")
    #expect(changes.status == 0 && changes.output.contains("destinations/pause"), "\(changes.errors)")
    #expect(!changes.output.contains("rita"), "who read what is not for operators")
    let audit = try person.run("audit", "--admin-token", "a")
    #expect(audit.status == 0, "\(audit.errors)")
    let lines = audit.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 3, "\(audit.output)")
    #expect(lines[1].contains("otto (operator)") && lines[1].contains("destinations/pause"))
    #expect(lines[1].contains("crm") && lines[1].contains("maintenance") && lines[1].contains("done"))
    #expect(lines[2].contains("rita (reader)") && lines[2].contains(event) && lines[2].contains("ticket 7"))

    // A reload takes another token; the old one is nobody's from then on.
    try setting.rewrite(Self.yaml("{ name: ada, value: b, role: admin }"))
    #expect(try person.run("reload", "--admin-token", "a").status == 0)
    #expect(try person.run("status", "--admin-token", "a").errors.contains("the token is wrong"))
    let after = try person.run("audit", "--admin-token", "b", "--who", "ada")
    #expect(after.output.contains("reload"), "\(after.errors)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
