import Testing

@Suite struct AddressErrorTests {
  static let addresses = [
    FaultyConfiguration(
      "no scheme",
      url("crm.example/hooks"),
      [
        "4:10: destinations.crm.url: the value is not an address; it begins with http:// or https://"
      ]),
    FaultyConfiguration(
      "another scheme",
      url("ftp://user:hunter2@crm.example"),
      [
        "4:10: destinations.crm.url: the value is not an address; it begins with http:// or https://"
      ]),
    FaultyConfiguration(
      "no host",
      url("https:///hooks"),
      [
        "4:10: destinations.crm.url: the value has no host; write https://HOST/PATH"
      ]),
    FaultyConfiguration(
      "no host but a user",
      url("https://user:hunter2@/hooks"),
      [
        "4:10: destinations.crm.url: the value has no host; write https://HOST/PATH"
      ]),
    FaultyConfiguration(
      "a space",
      url("\"https://crm.example/a b\""),
      [
        "4:10: destinations.crm.url: the value holds a space, a control character or one beyond "
          + "ASCII; percent-encode it"
      ]),
    FaultyConfiguration(
      "a control character",
      url("\"https://crm.example/\\n\""),
      [
        "4:10: destinations.crm.url: the value holds a space, a control character or one beyond "
          + "ASCII; percent-encode it"
      ]),
    FaultyConfiguration(
      "beyond ASCII",
      url("https://crm.example/ação"),
      [
        "4:10: destinations.crm.url: the value holds a space, a control character or one beyond "
          + "ASCII; percent-encode it"
      ]),
    FaultyConfiguration(
      "a port that is no number",
      url("https://user:hunter2@crm.example:http/"),
      [
        "4:10: destinations.crm.url: the value has a port that is not a number from 1 to 65535"
      ]),
    FaultyConfiguration(
      "a port that is missing",
      url("\"https://crm.example:/\""),
      [
        "4:10: destinations.crm.url: the value has a port that is not a number from 1 to 65535"
      ]),
    FaultyConfiguration(
      "a port out of range",
      url("https://crm.example:65536"),
      [
        "4:10: destinations.crm.url: the value has a port that is not a number from 1 to 65535"
      ]),
    FaultyConfiguration(
      "a host with a bad character",
      url("https://crm_1.exa*mple/"),
      [
        "4:10: destinations.crm.url: the value has a host that is no name or address; use letters, "
          + "digits, '-' and '.'"
      ]),
    FaultyConfiguration(
      "an IPv6 address that is none",
      url("\"http://[crm]/\""),
      [
        "4:10: destinations.crm.url: the value has no valid IPv6 address between [ and ]"
      ]),
    FaultyConfiguration(
      "what follows an IPv6 address",
      url("\"http://[::1]x/\""),
      [
        "4:10: destinations.crm.url: the value has a port that is not a number from 1 to 65535"
      ]),
    FaultyConfiguration(
      "a list",
      url("[https://crm.example]"),
      [
        "4:10: destinations.crm.url: expected an address such as https://crm.example/hooks, found "
          + "a list"
      ]),
  ]

  @Test(arguments: addresses)
  func everyFaultOfAnAddressIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
