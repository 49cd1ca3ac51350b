import Testing

/// What is not YAML, or not safe, is told with its place in plain words.
@Suite struct YAMLErrorTests {
  static let texts = [
    FaultyConfiguration(
      "an alias",
      "routes:\n  - name: r\n    match: { event: *Message }",
      [
        "3:21: routes[0].match: '*Message' is a YAML alias, which is not allowed; quote patterns "
          + "that start with *"
      ]),
    FaultyConfiguration(
      "an alias outside of routes is not shown",
      "sources:\n  huggy:\n    token: *hunter2",
      [
        "3:12: sources.huggy.token: this is a YAML alias, which is not allowed; quote patterns "
          + "that start with *"
      ]),
    FaultyConfiguration(
      "a value that is missing where a file ends without the end of its last line",
      "server:\n  admin_hosts: [é,",
      ["2:19: a value is missing here"]),
    FaultyConfiguration(
      "a value that is missing behind a key in a mapping that never ends",
      "sources: {\n  huggy: { token:", ["2:18: a value is missing here"]),
    FaultyConfiguration(
      "an anchor",
      "routes:\n  - name: r\n    match: &m { event: a }",
      [
        "3:12: routes[0].match: '&m' is a YAML anchor, which is not allowed; quote a text that "
          + "starts with &"
      ]),
    FaultyConfiguration(
      "a tag",
      "routes:\n  - name: !n r",
      [
        "2:11: routes[0].name: '!n' is a YAML tag, which is not allowed; quote a text that starts "
          + "with !"
      ]),
    FaultyConfiguration(
      "a merge key",
      "routes:\n  - name: r\n    <<: { to: crm }",
      [
        "3:5: routes[0].<<: '<<' is a YAML merge key, which is not allowed; write the keys out, or "
          + "use defaults"
      ]),
    FaultyConfiguration(
      "an alias in a list",
      "routes:\n- name: r\n- name: s\n  match:\n    event:\n    - a\n    - *b",
      [
        "7:7: routes[1].match.event[1]: '*b' is a YAML alias, which is not allowed; quote patterns "
          + "that start with *"
      ]),
    FaultyConfiguration(
      "an alias after every kind of scalar",
      "a: \"x # *y\" # *z\nb: 'it''s *y'\nc: |\n  *y\nd: plain\n  *y\ne: *y",
      [
        "7:4: e: this is a YAML alias, which is not allowed; quote patterns that start with *"
      ]),
    FaultyConfiguration(
      "a reference unquoted in a flow mapping",
      "destinations:\n  crm:\n    auth: { bearer: ${TOKEN}, x: y }",
      [
        "3:21: destinations.crm.auth: '${' can't stand unquoted inside [ ] or { }; quote the text: "
          + "\"${NAME}\""
      ]),
    FaultyConfiguration(
      "a reference unquoted in a flow list",
      "destinations:\n  crm:\n    signing_secret: [a${TOKEN}]",
      [
        "3:22: destinations.crm.signing_secret: '${' can't stand unquoted inside [ ] or { }; quote "
          + "the text: \"${NAME}\""
      ]),
    FaultyConfiguration(
      "nesting too deep",
      "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
      [
        "1:36: a: nested too deep; at most 32 levels"
      ]),
    FaultyConfiguration(
      "lists too deep",
      "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - ",
      [
        "1:66: "
          + "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: "
          + "nested too deep; at most 32 levels"
      ]),
    FaultyConfiguration(
      "a key twice",
      "server:\n  listen: 127.0.0.1:1\n  drain: 1s\n  listen: 127.0.0.1:2",
      [
        "4:3: server.listen: this key stands twice; keep one of them"
      ]),
    FaultyConfiguration(
      "a key twice in a route",
      "routes:\n  - name: a\n    to: crm\n  - name: b\n    to: crm\n    \"name\": c",
      [
        "6:5: routes[1].name: this key stands twice; keep one of them"
      ]),
    FaultyConfiguration(
      "a key twice in a flow mapping",
      "server: { drain: 1s, drain: 2s }",
      [
        "1:22: this key stands twice; keep one of them"
      ]),
    FaultyConfiguration(
      "a number twice as a key",
      "routes:\n  - name: a\n    match:\n      where:\n        1: a\n        '1': b",
      [
        "6:9: routes[0].match.where.1: this key stands twice; keep one of them"
      ]),
    FaultyConfiguration(
      "a list that is not closed",
      "routes: [a, b\nsources: {}",
      [
        "2:8: a list in [ ] lacks a ',' or its ']'; quote texts that hold , [ ] { or } (what is "
          + "being read began at line 1)"
      ]),
    FaultyConfiguration(
      "a mapping that is not closed",
      "server: { drain: 1s",
      [
        "1:20: a mapping in { } lacks a ',' or its '}'; quote texts that hold , [ ] { or }"
      ]),
    FaultyConfiguration(
      "a quote that is not closed",
      "server:\n  listen: \"127.0.0.1:8080\n",
      [
        "3:1: a quote is not closed (what is being read began at line 2)"
      ]),
    FaultyConfiguration(
      "a value with a colon",
      "server:\n  listen: host: 8080",
      [
        "2:15: a ':' is not expected here; check the indentation, and quote a text that holds ': '"
      ]),
    FaultyConfiguration(
      "a tab as indentation",
      "server:\n\tlisten: 127.0.0.1:8080",
      [
        "2:1: a value can't begin like this; indent with spaces, not tabs, and quote a text that "
          + "begins with @ ` or %"
      ]),
    FaultyConfiguration(
      "a wrong indentation",
      "server:\n  listen: 127.0.0.1:8080\n drain: 1s",
      [
        "3:2: expected a key here; check the indentation, and that every quote is closed"
      ]),
    FaultyConfiguration(
      "an unknown escape",
      "server:\n  listen: \"\\d\"",
      [
        "2:12: this is no escape; in double quotes write '\\\\' for a backslash"
      ]),
    FaultyConfiguration(
      "a value that begins with @",
      "server:\n  listen: @here",
      [
        "2:11: a value can't begin like this; indent with spaces, not tabs, and quote a text that "
          + "begins with @ ` or %"
      ]),
    FaultyConfiguration(
      "two documents",
      "server: {}\n---\nserver: {}",
      [
        "2:1: a configuration is one YAML document; remove '---' and what follows"
      ]),
    FaultyConfiguration(
      "a control character",
      "server:\n  listen: \"a\u{7}\"",
      [
        "2:13: the character U+0007 is not allowed here; remove it"
      ]),
    FaultyConfiguration(
      "an invisible line break",
      "server: {} # a\u{2028}b",
      [
        "1:15: the character U+2028 is not allowed here; remove it"
      ]),
    FaultyConfiguration(
      "a text instead of a mapping",
      "routes",
      [
        "1:1: expected a mapping with server, store, sources, destinations and routes, found a "
          + "single value"
      ]),
    FaultyConfiguration(
      "a list instead of a mapping",
      "- routes",
      [
        "1:1: expected a mapping with server, store, sources, destinations and routes, found a list"
      ]),
    FaultyConfiguration(
      "nothing at all",
      "# nothing yet\n",
      [
        "1:1: sources: at least one source is required, such as huggy: { token: \"${HUGGY_TOKEN}\" }"
      ]),
    FaultyConfiguration(
      "a list as a key",
      "? [a]\n: b\nsources: { huggy: { token: t } }",
      [
        "1:3: a key must be a single text, found a list or a mapping"
      ]),
    FaultyConfiguration(
      "a reference as a key",
      "\"${A}\": b\nsources: { huggy: { token: t } }",
      [
        "1:1: references are replaced in values, not in keys; write the key out"
      ]),
    FaultyConfiguration(
      "an unknown section",
      "source: {}\nsources: { huggy: { token: t } }",
      [
        "1:1: source: unknown key 'source'; did you mean 'sources'?"
      ]),
  ]

  @Test(arguments: texts)
  func everyFaultOfTheYAMLIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
