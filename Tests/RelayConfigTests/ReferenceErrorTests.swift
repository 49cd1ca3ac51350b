import Testing

@Suite struct ReferenceErrorTests {
  static let texts = [
    FaultyConfiguration(
      "a missing variable",
      "sources:\n  huggy:\n    token: \"${NOPE}\"",
      [
        "3:12: sources.huggy.token: the environment has no NOPE; set it "
          + "(a running relay needs a restart to see it), or write ${NOPE:-default} or ${file:PATH}"
      ]),
    FaultyConfiguration(
      "two missing variables in one text",
      "sources:\n  huggy:\n    token: \"${NOPE}-${NEITHER}\"",
      [
        "3:12: sources.huggy.token: the environment has no NOPE; set it "
          + "(a running relay needs a restart to see it), or write ${NOPE:-default} or ${file:PATH}",
        "3:12: sources.huggy.token: the environment has no NEITHER; set it "
          + "(a running relay needs a restart to see it), or write ${NEITHER:-default} or ${file:PATH}",
      ]),
    FaultyConfiguration(
      "an empty variable as a token",
      "sources:\n  huggy:\n    token: ${EMPTY}",
      [
        "3:12: sources.huggy.token: the value of ${EMPTY} is empty; a token can't be"
      ]),
    FaultyConfiguration(
      "a reference that is not closed",
      "sources:\n  huggy:\n    token: \"${NOPE\"",
      [
        "3:12: sources.huggy.token: a '${' is not closed; write ${NAME}, or $${ for the characters ${"
      ]),
    FaultyConfiguration(
      "a reference without a name",
      "sources:\n  huggy:\n    token: \"${}\"",
      [
        "3:12: sources.huggy.token: a reference is written ${NAME}, ${NAME:-default} or "
          + "${file:PATH}; write $${ for the characters ${"
      ]),
    FaultyConfiguration(
      "a name that begins with a digit",
      "sources:\n  huggy:\n    token: \"${1A}\"",
      [
        "3:12: sources.huggy.token: a reference is written ${NAME}, ${NAME:-default} or "
          + "${file:PATH}; write $${ for the characters ${"
      ]),
    FaultyConfiguration(
      "an operator other than a default",
      "sources:\n  huggy:\n    token: \"${NOPE:?hunter2}\"",
      [
        "3:12: sources.huggy.token: a reference is written ${NAME}, ${NAME:-default} or "
          + "${file:PATH}; write $${ for the characters ${"
      ]),
    FaultyConfiguration(
      "a reference in a default",
      "sources:\n  huggy:\n    token: \"${NOPE:-${SECRET}}\"",
      [
        "3:12: sources.huggy.token: the default of ${NOPE} holds another reference; they don't nest"
      ]),
    FaultyConfiguration(
      "a missing file",
      "sources:\n  huggy:\n    token: \"${file:no/such/file}\"",
      [
        "3:12: sources.huggy.token: ${file:no/such/file}: there is no such file (looked at "
          + "/etc/relay/no/such/file)"
      ]),
    FaultyConfiguration(
      "a missing variable in a file's path",
      "sources:\n  huggy:\n    token: \"${file:${NOPE}/token}\"",
      [
        "3:12: sources.huggy.token: the environment has no NOPE; set it "
          + "(a running relay needs a restart to see it), or write ${NOPE:-default} or ${file:PATH}"
      ]),
    FaultyConfiguration(
      "a file's path whose reference is not closed",
      "sources:\n  huggy:\n    token: \"${file:${NOPE/token}\"",
      [
        "3:12: sources.huggy.token: a '${' is not closed; write ${NAME}, or $${ for the characters ${"
      ]),
    FaultyConfiguration(
      "a directory as a file",
      "sources:\n  huggy:\n    token: \"${file:/}\"",
      [
        "3:12: sources.huggy.token: ${file:/}: the file can't be read (Is a directory) (looked at /)"
      ]),
    FaultyConfiguration(
      "the value of a reference is not shown",
      "server:\n  listen: ${SECRET}\n  drain: \"1${SECRET}\"\n  max_body: ${SECRET:-5MB}\n  "
        + "max_connections: \"${SECRET}${EMPTY:-x}\"\nsources: { huggy: { token: t } }",
      [
        "2:11: server.listen: the value of ${SECRET} is not an address; write HOST:PORT, such as "
          + "127.0.0.1:8080, 0.0.0.0:8080 or [::]:8080",
        "3:10: server.drain: the value of ${SECRET} is not a duration; write a whole number and "
          + "its unit: 250ms, 5s, 10m, 24h or 7d",
        "4:13: server.max_body: the value of ${SECRET} is not a size; write a whole number and its "
          + "unit: 64KiB, 5MiB or 10GiB",
        "5:20: server.max_connections: the value of ${SECRET} and ${EMPTY} is not a whole number; "
          + "write one from 1 to 1000000",
      ]),
  ]

  @Test(arguments: texts)
  func everyFaultOfAReferenceIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
