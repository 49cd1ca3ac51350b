import Testing

@Suite struct SourceErrorTests {
  static let texts = [
    FaultyConfiguration(
      "no sources",
      "server: {}",
      [
        "1:1: sources: at least one source is required, such as huggy: { token: \"${HUGGY_TOKEN}\" }"
      ]),
    FaultyConfiguration(
      "empty sources",
      "sources: {}",
      [
        "1:10: sources: at least one source is required, such as huggy: { token: \"${HUGGY_TOKEN}\" }"
      ]),
    FaultyConfiguration(
      "nothing under sources",
      "sources:",
      [
        "1:1: sources: at least one source is required, such as huggy: { token: \"${HUGGY_TOKEN}\" }"
      ]),
    FaultyConfiguration(
      "sources that are a list",
      "sources: [huggy]",
      [
        "1:10: sources: expected a mapping of names to sources, found a list"
      ]),
    FaultyConfiguration(
      "a name with a space",
      "sources: { \"hu ggy\": { token: t } }",
      [
        "1:12: sources.hu ggy: 'hu ggy' is not a name; use 1 to 64 of A-Z a-z 0-9 _ . -"
      ]),
    FaultyConfiguration(
      "a name that is too long",
      "sources: { \(longName): { token: t } }",
      [
        "1:12: sources.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…: "
          + "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…' is not a name; use 1 to "
          + "64 of A-Z a-z 0-9 _ . -"
      ]),
    FaultyConfiguration(
      "a source that is a text",
      "sources: { huggy: token }",
      [
        "1:19: sources.huggy: expected a mapping with path, token, company and dedupe, found a "
          + "single value"
      ]),
    FaultyConfiguration(
      "an unknown key",
      "sources: { huggy: { tokn: t } }",
      [
        "1:21: sources.huggy.tokn: unknown key 'tokn'; did you mean 'token'?"
      ]),
    FaultyConfiguration(
      "a path without its slash",
      "sources: { huggy: { path: huggy, token: t } }",
      [
        "1:27: sources.huggy.path: 'huggy' does not begin with '/'; write a path such as /huggy"
      ]),
    FaultyConfiguration(
      "a path with a query",
      "sources: { huggy: { path: \"/huggy?x=1\", token: t } }",
      [
        "1:27: sources.huggy.path: '/huggy?x=1' holds a space, '?', '#' or a character beyond "
          + "ASCII; write a plain path such as /huggy"
      ]),
    FaultyConfiguration(
      "the relay's own path",
      "sources: { huggy: { path: /readyz, token: t } }",
      [
        "1:27: sources.huggy.path: '/readyz' is the relay's own path; choose another"
      ]),
    FaultyConfiguration(
      "the relay's own path by name",
      "sources: { healthz: { token: t } }",
      [
        "1:12: sources.healthz: /healthz is the relay's own path; give the source another with path"
      ]),
    FaultyConfiguration(
      "a path twice",
      "sources:\n  a: { token: t }\n  b: { path: /a, token: t }",
      [
        "3:14: sources.b.path: the source 'a' has this path too; give each its own"
      ]),
    FaultyConfiguration(
      "a path twice, spelled otherwise",
      "sources:\n  a: { token: t }\n  b: { path: //%61/, token: t }",
      [
        "3:14: sources.b.path: the source 'a' has this path too; give each its own"
      ]),
    FaultyConfiguration(
      "the relay's own path, spelled otherwise",
      "sources: { huggy: { path: /health%7A/, token: t } }",
      [
        "1:27: sources.huggy.path: '/health%7A/' is the relay's own path; choose another"
      ]),
    FaultyConfiguration(
      "a path twice by name",
      "sources:\n  a: { path: /b, token: t }\n  b: { token: t }",
      [
        "3:3: sources.b: the source 'a' has this path too; give each its own"
      ]),
    FaultyConfiguration(
      "an empty token",
      "sources: { huggy: { token: \"\" } }",
      [
        "1:28: sources.huggy.token: the value is empty; a token can't be"
      ]),
    FaultyConfiguration(
      "a token without a value",
      "sources: { huggy: { token: } }",
      [
        "1:21: sources.huggy.token: expected a token, found nothing; give a value or remove the key"
      ]),
    FaultyConfiguration(
      "no tokens",
      "sources: { huggy: { token: [] } }",
      [
        "1:28: sources.huggy.token: an empty list accepts nobody; give a token"
      ]),
    FaultyConfiguration(
      "a token that is a mapping",
      "sources: { huggy: { token: { value: t } } }",
      [
        "1:28: sources.huggy.token: expected a token or a list of tokens, found a mapping"
      ]),
    FaultyConfiguration(
      "a token without value",
      "sources: { huggy: { token: [{ company: \"1\" }] } }",
      [
        "1:29: sources.huggy.token[0]: value is missing; write { value: TOKEN, company: ID }"
      ]),
    FaultyConfiguration(
      "a token twice",
      "sources: { huggy: { token: [a, b, { value: a, company: \"1\" }] } }",
      [
        "1:35: sources.huggy.token[2]: this token stands twice; keep one of them"
      ]),
    FaultyConfiguration(
      "a token over two lines",
      "sources: { huggy: { token: \"a\\nb\" } }",
      [
        "1:28: sources.huggy.token: the value holds a line break or another control character; "
          + "remove it"
      ]),
    FaultyConfiguration(
      "an unknown key beside a token",
      "sources: { huggy: { token: [{ value: t, compnay: \"1\" }] } }",
      [
        "1:41: sources.huggy.token[0].compnay: unknown key 'compnay'; did you mean 'company'?"
      ]),
    FaultyConfiguration(
      "what may be half of a token is not shown",
      "sources: { huggy: { token: [{ value: hun, ter2: }] } }",
      [
        "1:43: sources.huggy.token[0]: unknown key; known here: value, company, until"
      ]),
    FaultyConfiguration(
      "a company that is a boolean by accident",
      "sources: { huggy: { token: t, company: no } }",
      [
        "1:40: sources.huggy.company: no is a boolean to some YAML readers and text to others; "
          + "write false, or \"no\" for the text"
      ]),
    FaultyConfiguration(
      "a company that is null",
      "sources: { huggy: { token: t, company: null } }",
      [
        "1:31: sources.huggy.company: expected a company's id, found nothing; give a value or "
          + "remove the key"
      ]),
    FaultyConfiguration(
      "a dedupe without a unit",
      "sources: { huggy: { token: t, dedupe: 24 } }",
      [
        "1:39: sources.huggy.dedupe: '24' is not a duration; write a whole number and its unit: "
          + "250ms, 5s, 10m, 24h or 7d"
      ]),
    FaultyConfiguration(
      "a dedupe of nothing",
      "sources: { huggy: { token: t, dedupe: 0h } }",
      [
        "1:39: sources.huggy.dedupe: '0h' is too short; write off to accept every envelope again"
      ]),
    FaultyConfiguration(
      "a dedupe that is a boolean",
      "sources: { huggy: { token: t, dedupe: false } }",
      [
        "1:39: sources.huggy.dedupe: 'false' is not a duration; write a whole number and its unit: "
          + "250ms, 5s, 10m, 24h or 7d"
      ]),
  ]

  @Test(arguments: texts)
  func everyFaultOfASourceIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
