import Testing

@Suite struct DefaultsErrorTests {
  static let texts = [
    FaultyConfiguration(
      "a destination without a url",
      withSourceBefore("destinations:\n  crm:\n    http2: true"),
      [
        "3:3: destinations.crm: url is missing; a destination needs one, such as "
          + "https://crm.example/hooks"
      ]),
    FaultyConfiguration(
      "a destination with nothing",
      withSourceBefore("destinations:\n  crm:"),
      [
        "3:3: destinations.crm: url is missing; a destination needs one, such as "
          + "https://crm.example/hooks"
      ]),
    FaultyConfiguration(
      "a destination that is a text",
      withSourceBefore("destinations:\n  crm: https://crm.example"),
      [
        "3:8: destinations.crm: expected a mapping with a url, found a single value"
      ]),
    FaultyConfiguration(
      "destinations that are a list",
      withSourceBefore("destinations:\n  - url: https://crm.example"),
      [
        "3:3: destinations: expected a mapping of names to destinations, found a list"
      ]),
    FaultyConfiguration(
      "a name of a destination with a slash",
      withSourceBefore("destinations:\n  a/b: { url: \"https://crm.example\" }"),
      [
        "3:3: destinations.a/b: 'a/b' is not a name; use 1 to 64 of A-Z a-z 0-9 _ . -"
      ]),
    FaultyConfiguration(
      "a url in the defaults",
      withSourceBefore("defaults: { url: \"https://crm.example\" }"),
      [
        "2:13: defaults.url: each destination has a url of its own; move it there"
      ]),
    FaultyConfiguration(
      "a fault of the defaults is told once",
      withSourceBefore(
        "defaults:\n  concurrency: 0\n  rate: 1\n  retry: { initial: 10m }\ndestinations:\n  a: "
          + "{ url: \"https://a.example\" }\n  b: { url: \"https://b.example\" }"),
      [
        "3:16: defaults.concurrency: '0' is out of range; from 1 to 1000",
        "4:9: defaults.rate: '1' is not a rate; write a whole number and its time: 50/s, 600/m or 5000/h",
        "5:21: defaults.retry.initial: max_delay is shorter than initial; raise max_delay, or "
          + "lower initial",
      ]),
    FaultyConfiguration(
      "Authorization in the defaults beside auth",
      withSourceBefore(
        "defaults:\n  headers: { Authorization: hunter2 }\ndestinations:\n  a:\n    url: "
          + "\"https://a.example\"\n    auth: { bearer: x }"),
      [
        "7:5: destinations.a.auth: defaults set the header Authorization; remove one of the two"
      ]),
    FaultyConfiguration(
      "Authorization beside auth in the defaults",
      withSourceBefore(
        "defaults:\n  auth: { bearer: x }\ndestinations:\n  a:\n    url: \"https://a.example\"\n   "
          + " headers: { Authorization: hunter2 }"),
      [
        "7:16: destinations.a.headers.Authorization: auth (here or in defaults) sets the header "
          + "Authorization; remove one of the two"
      ]),
    FaultyConfiguration(
      "credentials in the url beside auth",
      withSourceBefore(
        "destinations:\n  a:\n    url: \"https://user:hunter2@a.example\"\n    auth: { bearer: x }"),
      [
        "5:5: destinations.a.auth: url holds credentials too; remove one of the two"
      ]),
    FaultyConfiguration(
      "a max_delay below the initial of the defaults",
      withSourceBefore(
        "defaults:\n  retry: { initial: 10s }\ndestinations:\n  a:\n    url: "
          + "\"https://a.example\"\n    retry: { max_delay: 5s }"),
      [
        "7:25: destinations.a.retry.max_delay: max_delay is shorter than initial; raise max_delay, "
          + "or lower initial"
      ]),
  ]

  @Test(arguments: texts)
  func everyFaultOfDestinationsAndDefaultsIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
