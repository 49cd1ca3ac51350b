import RelayCore
import Testing

@testable import RelayConfig

/// Secrets with an end, as in a rotation. They are read on 2026-12-01 (`exampleNow`).
@Suite struct CredentialEndTests {
  private static let secret = DestinationLoadingTests.secret
  private static let key = DestinationLoadingTests.key

  /// What is said of them: that there are no routes is of no matter here.
  private func told(of text: String, resolvesReferences: Bool = true) -> [String] {
    problems(of: text, resolvesReferences: resolvesReferences).filter { !$0.contains("there are no routes") }
  }

  private func source(_ token: String) -> String { "sources: { huggy: { token: \(token) } }\n" }

  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

  @Test func aSigningSecretOfAListMayHaveAnEnd() throws {
    let text = destination(
      "signing_secret: [{ value: \(Self.secret), until: 2027-12-31T00:00:00-03:00 }, \(Self.secret)]")
    let secrets = try configuration(of: text).destinations[0].signingSecrets
    let end = try time("2027-12-31T03:00:00Z")
    #expect(secrets == [SigningSecret(key: Self.key, until: end), SigningSecret(key: Self.key)])
    #expect(told(of: text) == [])
  }

  @Test func aTokenOfAListMayHaveAnEndBesideItsCompany() throws {
    let text = source(
      #"[{ value: old, company: "7", until: 2027-12-31T00:00:00Z }, { value: older, until: "2027-01-01T00:00:00.5Z" }, new]"#
    )
    let tokens = try configuration(of: text).sources[0].tokens
    #expect(
      tokens == [
        .init(value: Secret("old"), company: "7", until: try time("2027-12-31T00:00:00Z")),
        .init(value: Secret("older"), until: try time("2027-01-01T00:00:00.5Z")), .init(value: Secret("new")),
      ])
    #expect(told(of: text) == [])
  }

  @Test(arguments: [
    ("2026-12-15T00:00:01Z", ""),
    ("2026-12-15T00:00:00Z", "ends at 2026-12-15T00:00:00.000Z: nobody is let in by it from then on"),
    ("2026-12-01T00:00:01Z", "ends at 2026-12-01T00:00:01.000Z: nobody is let in by it from then on"),
    (
      "2026-12-01T00:00:00Z",
      "has ended at 2026-12-01T00:00:00.000Z: nobody is let in by it any more; remove it, once another is there"
    ),
    (
      "1999-12-01T00:00:00Z",
      "has ended at 1999-12-01T00:00:00.000Z: nobody is let in by it any more; remove it, once another is there"
    ),
  ])
  func oneThatHasEndedOrEndsWithinTwoWeeksIsWarnedOf(until: String, warning: String) {
    let told = self.told(of: source("[{ value: hunter2, until: \(until) }, b]"))
    #expect(told == (warning.isEmpty ? [] : ["1:29: warning: sources.huggy.token[0]: \(warning)"]))
  }

  @Test func aSigningSecretsEndIsWarnedOfWithoutShowingIt() {
    let told = self.told(
      of: destination(
        "signing_secret: [{ value: \(Self.secret), until: 2026-11-30T00:00:00Z }, \(Self.secret)]"))
    #expect(
      told == [
        "5:22: warning: destinations.crm.signing_secret[0]: has ended at 2026-11-30T00:00:00.000Z: nothing is signed with it "
          + "any more; remove it, once another is there"
      ])
  }

  @Test func aListOfWhichEachEndsIsWarnedOf() {
    #expect(
      told(
        of: source("[{ value: a, until: 2028-01-01T00:00:00Z }, { value: b, until: 2027-01-01T00:00:00Z }]"))
        == [
          "1:28: warning: sources.huggy.token: each of them ends: from 2028-01-01T00:00:00.000Z on every sender is refused; "
            + "add one without until"
        ])
    #expect(
      told(
        of: destination("signing_secret: [{ value: \(Self.secret), until: 2028-01-01T00:00:00Z }]")) == [
          "5:21: warning: destinations.crm.signing_secret: each of them ends: from 2028-01-01T00:00:00.000Z on nothing is "
            + "signed; add one without until"
        ])
  }

  @Test(arguments: [
    ("2026-12-31", "the value is not a time with its offset"),
    ("2027-12-31T00:00:00", "the value is not a time with its offset"),
    ("2027-12-31T24:00:00Z", "the value is not a time with its offset"),
    ("soon", "the value is not a time with its offset"),
    ("[a]", "expected a time such as 2026-12-31T00:00:00Z, found a list"),
  ])
  func anEndIsATimeWithItsOffset(until: String, fault: String) {
    let told = self.told(of: source("[{ value: hunter2, until: \(until) }, b]"))
    #expect(told.count == 1 && told[0].contains("sources.huggy.token[0].until: \(fault)"), "\(told)")
    #expect(!told.contains { $0.contains("hunter2") })
  }

  @Test func aSecretWithoutItsValueOrWithAnotherKeyIsAnError() {
    #expect(
      told(of: destination("signing_secret: [{ until: 2028-01-01T00:00:00Z }]")) == [
        "5:22: destinations.crm.signing_secret[0]: value is missing; write { value: SECRET, until: TIME }"
      ])
    #expect(
      told(of: destination("signing_secret: [{ value: \(Self.secret), untill: 2028-01-01T00:00:00Z }]"))
        .contains { $0.hasSuffix("unknown key 'untill'; did you mean 'until'?") })
  }

  @Test func whatIsBehindAReferenceIsNotWarnedOf() {
    let text = source(#"[{ value: "${A}", until: "${B}" }]"#)
    #expect(told(of: text, resolvesReferences: false) == [])
  }

  @Test func endsAreShownAndSecretsAreNot() throws {
    let text =
      source("[{ value: hunter2, until: 2028-01-01T00:00:00Z }, b]")
      + "destinations: { crm: { url: \"http://crm\", signing_secret: [{ value: \(Self.secret), until: 2028-01-01T00:00:00Z }] } }"
    let tree = try configuration(of: text).tree
    #expect(
      tree["sources"]?["huggy"]?["token"]?.line
        == #"[{ value: "***", until: 2028-01-01T00:00:00.000Z }, "***"]"#)
    #expect(
      tree["destinations"]?["crm"]?["signing_secret"]?.line
        == #"[{ value: "***", until: 2028-01-01T00:00:00.000Z }]"#)
  }
}
