import Testing

@Suite struct MatchErrorTests {
  static let conditions = [
    FaultyConfiguration(
      "a match with nothing",
      route("match:"),
      [
        "6:5: routes.r.match: expected conditions, found nothing; remove the key to match every event"
      ]),
    FaultyConfiguration(
      "a match that is a list",
      route("match: [a]"),
      [
        "6:12: routes.r.match: expected a mapping with source, event, company, channel and where, "
          + "found a list"
      ]),
    FaultyConfiguration(
      "an unknown key",
      route("match: { events: createdChat }"),
      [
        "6:14: routes.r.match.events: unknown key 'events'; did you mean 'event'?"
      ]),
    FaultyConfiguration(
      "a source that is none",
      route("match: { source: hugy }"),
      [
        "6:22: routes.r.match.source: 'hugy' is no source; did you mean 'huggy'?"
      ]),
    FaultyConfiguration(
      "a source that is null",
      route("match: { source: null }"),
      [
        "6:14: routes.r.match.source: every event has one, so null never matches; remove it"
      ]),
    FaultyConfiguration(
      "an event that is null",
      route("match: { event: [createdChat, ~] }"),
      [
        "6:35: routes.r.match.event[1]: every event has one, so null never matches; remove it"
      ]),
    FaultyConfiguration(
      "an event that is a boolean by accident",
      route("match: { event: On }"),
      [
        "6:21: routes.r.match.event: On is a boolean to some YAML readers and text to others; "
          + "write true, or \"On\" for the text"
      ]),
    FaultyConfiguration(
      "an event that is a mapping",
      route("match: { event: { not: createdChat } }"),
      [
        "6:21: routes.r.match.event: expected an event type or a list of them, found a mapping"
      ]),
    FaultyConfiguration(
      "an empty list of events",
      route("match: { event: [] }"),
      [
        "6:21: routes.r.match.event: an empty list never matches; remove the key"
      ]),
    FaultyConfiguration(
      "an empty list of companies",
      route("match: { company: [] }"),
      [
        "6:23: routes.r.match.company: an empty list never matches; remove the key"
      ]),
    FaultyConfiguration(
      "an empty list of channels",
      route("match: { channel: [] }"),
      [
        "6:23: routes.r.match.channel: an empty list never matches; remove the key"
      ]),
    FaultyConfiguration(
      "a list in a list",
      route("match: { company: [[a]] }"),
      [
        "6:24: routes.r.match.company[0]: expected a company's id, found a list"
      ]),
    FaultyConfiguration(
      "booleans by accident",
      route("match: { company: [yes, \"yes\"], channel: off }"),
      [
        "6:24: routes.r.match.company[0]: yes is a boolean to some YAML readers and text to "
          + "others; write true, or \"yes\" for the text",
        "6:46: routes.r.match.channel: off is a boolean to some YAML readers and text to others; "
          + "write false, or \"off\" for the text",
      ]),
    FaultyConfiguration(
      "a where with nothing",
      route("match: { where: {} }"),
      [
        "6:21: routes.r.match.where: an empty where tests nothing; remove the key"
      ]),
    FaultyConfiguration(
      "a where that is a list",
      route("match: { where: [a] }"),
      [
        "6:21: routes.r.match.where: expected a mapping of field paths to values, found a list"
      ]),
    FaultyConfiguration(
      "paths that are none",
      route("match:\n  where:\n    a..b: 1\n    \"\": 2\n    'context.\"x': 3"),
      [
        "8:9: routes.r.match.where.a..b: 'a..b' is not a field path; join keys by dots, and quote "
          + "a key that holds one: 'context.\"SYSTEM.CHAT_ID\"'",
        "9:9: routes.r.match.where.\"\": '' is not a field path; join keys by dots, and quote a "
          + "key that holds one: 'context.\"SYSTEM.CHAT_ID\"'",
        "10:9: routes.r.match.where.context.\"x: 'context.\"x' is not a field path; join keys by "
          + "dots, and quote a key that holds one: 'context.\"SYSTEM.CHAT_ID\"'",
      ]),
    FaultyConfiguration(
      "a path twice",
      route("match:\n  where:\n    a.b: 1\n    a.\"b\": 2"),
      [
        "9:9: routes.r.match.where.a.\"b\": this path stands twice; put its tests together"
      ]),
    FaultyConfiguration(
      "an empty list of values",
      route("match: { where: { a: [] } }"),
      [
        "6:26: routes.r.match.where.a: an empty list never matches; remove the key"
      ]),
    FaultyConfiguration(
      "values that are booleans by accident",
      route("match: { where: { a: yes, b: [True, NO] } }"),
      [
        "6:26: routes.r.match.where.a: yes is a boolean to some YAML readers and text to others; "
          + "write true, or \"yes\" for the text",
        "6:35: routes.r.match.where.b[0]: True is a boolean to some YAML readers and text to "
          + "others; write true, or \"True\" for the text",
        "6:41: routes.r.match.where.b[1]: NO is a boolean to some YAML readers and text to others; "
          + "write false, or \"NO\" for the text",
      ]),
    FaultyConfiguration(
      "an unknown operator",
      route("match: { where: { a: { equals: 1 } } }"),
      [
        "6:28: routes.r.match.where.a.equals: unknown operator 'equals'; known here: not, exists, "
          + "contains, gt, gte, lt, lte"
      ]),
    FaultyConfiguration(
      "an operator near a known one",
      route("match: { where: { a: { exist: true } } }"),
      [
        "6:28: routes.r.match.where.a.exist: unknown operator 'exist'; did you mean 'exists'?"
      ]),
    FaultyConfiguration(
      "no operator",
      route("match: { where: { a: {} } }"),
      [
        "6:26: routes.r.match.where.a: expected an operator, found none; write one of not, exists, "
          + "contains, gt, gte, lt, lte"
      ]),
    FaultyConfiguration(
      "exists with a text",
      route("match: { where: { a: { exists: maybe } } }"),
      [
        "6:36: routes.r.match.where.a.exists: 'maybe' is not a boolean; write true or false"
      ]),
    FaultyConfiguration(
      "exists with yes",
      route("match: { where: { a: { exists: yes } } }"),
      [
        "6:36: routes.r.match.where.a.exists: 'yes' is not a boolean here; write true"
      ]),
    FaultyConfiguration(
      "contains with null",
      route("match: { where: { a: { contains: [b, null] } } }"),
      [
        "6:42: routes.r.match.where.a.contains[1]: expected a text to look for, found nothing; "
          + "give a value or remove the key"
      ]),
    FaultyConfiguration(
      "contains with nothing to look for",
      route("match: { where: { a: { contains: \"\" } } }"),
      [
        "6:38: routes.r.match.where.a.contains: '' is empty; expected a text to look for"
      ]),
    FaultyConfiguration(
      "contains with an empty list",
      route("match: { where: { a: { contains: [] } } }"),
      [
        "6:38: routes.r.match.where.a.contains: an empty list never matches; remove the key"
      ]),
    FaultyConfiguration(
      "a comparison with a list",
      route("match: { where: { a: { gt: [1] } } }"),
      [
        "6:32: routes.r.match.where.a.gt: expected a number or text to compare with, found a list"
      ]),
    FaultyConfiguration(
      "a comparison with null",
      route("match: { where: { a: { lte: null } } }"),
      [
        "6:28: routes.r.match.where.a.lte: expected a number or text to compare with, found "
          + "nothing; give a value or remove the key"
      ]),
    FaultyConfiguration(
      "a comparison with a boolean by accident",
      route("match: { where: { a: { lt: no } } }"),
      [
        "6:32: routes.r.match.where.a.lt: no is a boolean to some YAML readers and text to others; "
          + "write false, or \"no\" for the text"
      ]),
    FaultyConfiguration(
      "not with an unknown operator",
      route("match: { where: { a: { not: { is: 1 } } } }"),
      [
        "6:35: routes.r.match.where.a.not.is: unknown operator 'is'; known here: not, exists, "
          + "contains, gt, gte, lt, lte"
      ]),
    FaultyConfiguration(
      "not with an empty list",
      route("match: { where: { a: { not: [] } } }"),
      [
        "6:33: routes.r.match.where.a.not: an empty list never matches; remove the key"
      ]),
    FaultyConfiguration(
      "an except with nothing",
      route("except:"),
      [
        "6:5: routes.r.except: an empty except excludes nothing; remove it"
      ]),
    FaultyConfiguration(
      "an except without conditions",
      route("except: {}"),
      [
        "6:13: routes.r.except: an empty block would exclude every event; remove it, or give it a "
          + "condition"
      ]),
    FaultyConfiguration(
      "an except without blocks",
      route("except: []"),
      [
        "6:13: routes.r.except: an empty except excludes nothing; remove it"
      ]),
    FaultyConfiguration(
      "an except with an empty block",
      route("except: [{ event: a }, {}]"),
      [
        "6:28: routes.r.except[1]: an empty block would exclude every event; remove it, or give it "
          + "a condition"
      ]),
    FaultyConfiguration(
      "an except with an empty where",
      route("except: { where: {} }"),
      [
        "6:22: routes.r.except.where: an empty where tests nothing; remove the key"
      ]),
    FaultyConfiguration(
      "an except that is a text",
      route("except: createdChat"),
      [
        "6:13: routes.r.except: expected a mapping with source, event, company, channel and where, "
          + "found a single value"
      ]),
    FaultyConfiguration(
      "a fault in an except",
      route("except:\n  - { evnt: a }\n  - { where: { a: no } }"),
      [
        "7:11: routes.r.except[0].evnt: unknown key 'evnt'; did you mean 'event'?",
        "8:23: routes.r.except[1].where.a: no is a boolean to some YAML readers and text to "
          + "others; write false, or \"no\" for the text",
      ]),
  ]

  @Test(arguments: conditions)
  func everyFaultOfAMatchIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
