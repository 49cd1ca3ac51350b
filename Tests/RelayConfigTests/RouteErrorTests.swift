import Testing

@Suite struct RouteErrorTests {
  static let lists = [
    FaultyConfiguration(
      "routes that are a mapping",
      routes("routes:\n  r: { to: crm }"),
      [
        "4:3: routes: expected a list of routes ('- name: …'), found a mapping"
      ]),
    FaultyConfiguration(
      "a route that is a text",
      routes("routes:\n  - crm"),
      [
        "4:5: routes[0]: expected a mapping with name, match, and to or drop, found a single value"
      ]),
    FaultyConfiguration(
      "a route without a name",
      routes("routes:\n  - to: crm"),
      [
        "4:5: routes[0]: name is missing; every route has a name of its own"
      ]),
    FaultyConfiguration(
      "a name that is none",
      routes("routes:\n  - { name: \"to crm\", to: crm }"),
      [
        "4:13: routes[0].name: 'to crm' is not a name; use 1 to 64 of A-Z a-z 0-9 _ . -"
      ]),
    FaultyConfiguration(
      "a name twice",
      routes("routes:\n  - { name: a, to: crm }\n  - { name: a, to: crm }"),
      [
        "5:13: routes[1].name: another route has this name; give each its own"
      ]),
    FaultyConfiguration(
      "an unknown key",
      routes("routes:\n  - { name: a, to: crm, matches: {} }"),
      [
        "4:25: routes.a.matches: unknown key 'matches'; known here: name, match, except, to, drop, "
          + "stop"
      ]),
    FaultyConfiguration(
      "neither to nor drop",
      routes("routes:\n  - name: a"),
      [
        "4:5: routes.a: a route has exactly one of to and drop; add to: DESTINATION, or drop: true"
      ]),
    FaultyConfiguration(
      "both to and drop",
      routes("routes:\n  - { name: a, to: crm, drop: true }"),
      [
        "4:25: routes.a.drop: a route has exactly one of to and drop; remove one of the two"
      ]),
    FaultyConfiguration(
      "a drop that is false",
      routes("routes:\n  - { name: a, drop: false }"),
      [
        "4:22: routes.a.drop: drop can only be true; remove drop, and say where events go with to"
      ]),
    FaultyConfiguration(
      "a drop that is no boolean",
      routes("routes:\n  - { name: a, drop: yes }"),
      [
        "4:22: routes.a.drop: 'yes' is not a boolean here; write true"
      ]),
    FaultyConfiguration(
      "a destination that is none",
      routes("routes:\n  - { name: a, to: [crm, analitycs] }"),
      [
        "4:26: routes.a.to[1]: 'analitycs' is no destination; did you mean 'analytics'?"
      ]),
    FaultyConfiguration(
      "a destination that is near none",
      routes("routes:\n  - { name: a, to: billing }"),
      [
        "4:20: routes.a.to: 'billing' is no destination; the destinations are: crm, analytics"
      ]),
    FaultyConfiguration(
      "a destination twice",
      routes("routes:\n  - { name: a, to: [crm, crm] }"),
      [
        "4:26: routes.a.to[1]: 'crm' stands twice; an event reaches a destination once"
      ]),
    FaultyConfiguration(
      "no destinations",
      routes("routes:\n  - { name: a, to: [] }"),
      [
        "4:20: routes.a.to: an empty list sends nothing anywhere; name a destination, or write "
          + "drop: true"
      ]),
    FaultyConfiguration(
      "a destination that is missing",
      routes("routes:\n  - { name: a, to: }"),
      [
        "4:16: routes.a.to: expected a destination's name, found nothing; give a value or remove "
          + "the key"
      ]),
    FaultyConfiguration(
      "to as a mapping",
      routes("routes:\n  - { name: a, to: { crm: true } }"),
      [
        "4:20: routes.a.to: expected a destination's name or a list of names, found a mapping"
      ]),
    FaultyConfiguration(
      "a stop that is no boolean",
      routes("routes:\n  - { name: a, to: crm, stop: 1 }"),
      [
        "4:31: routes.a.stop: '1' is not a boolean; write true or false"
      ]),
  ]

  @Test(arguments: lists)
  func everyFaultOfARouteIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
