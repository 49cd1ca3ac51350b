import Testing

@Suite struct CredentialErrorTests {
  static let keys = [
    FaultyConfiguration(
      "both kinds of auth",
      destination("auth: { bearer: a, basic: { username: a, password: b } }"),
      [
        "5:31: destinations.crm.auth.basic: auth is one of bearer, basic and oauth2; remove the others"
      ]),
    FaultyConfiguration(
      "no kind of auth",
      destination("auth: {}"),
      [
        "5:11: destinations.crm.auth: expected bearer, basic or oauth2, found nothing; remove auth"
      ]),
    FaultyConfiguration(
      "an unknown kind of auth",
      destination("auth: { digest: x }"),
      [
        "5:13: destinations.crm.auth: unknown key; known here: bearer, basic, oauth2"
      ]),
    FaultyConfiguration(
      "what may be half of a secret is not shown",
      destination("auth: { bearer: hun, ter2 }"),
      [
        "5:26: destinations.crm.auth: unknown key; known here: bearer, basic, oauth2"
      ]),
    FaultyConfiguration(
      "a bearer over two lines",
      destination("auth: { bearer: \"hunter2\\n\" }"),
      [
        "5:21: destinations.crm.auth.bearer: the value holds a line break or another control "
          + "character; remove it"
      ]),
    FaultyConfiguration(
      "an empty bearer",
      destination("auth: { bearer: \"\" }"),
      [
        "5:21: destinations.crm.auth.bearer: the value is empty; expected a bearer token"
      ]),
    FaultyConfiguration(
      "basic without a password",
      destination("auth: { basic: { username: a } }"),
      [
        "5:20: destinations.crm.auth.basic: password missing; write { username: …, password: … }"
      ]),
    FaultyConfiguration(
      "a user name with a colon",
      destination("auth: { basic: { username: \"a:b\", password: c } }"),
      [
        "5:32: destinations.crm.auth.basic.username: the value holds ':', which a user name can't"
      ]),
    FaultyConfiguration(
      "basic as a text",
      destination("auth: { basic: hunter2 }"),
      [
        "5:20: destinations.crm.auth.basic: expected a mapping with username and password, found a "
          + "single value"
      ]),
    FaultyConfiguration(
      "a signing secret without its prefix",
      destination("signing_secret: hunter2"),
      [
        "5:21: destinations.crm.signing_secret: the value is not a signing secret; it begins with "
          + "whsec_ (huggy-relay secret makes one) or whsk_ (huggy-relay secret --ed25519)"
      ]),
    FaultyConfiguration(
      "an Ed25519 key that is not base64",
      destination("signing_secret: whsk_hunter-2"),
      [
        "5:21: destinations.crm.signing_secret: the value is not a signing secret; what follows whsk_ is not base64"
      ]),
    FaultyConfiguration(
      "an Ed25519 key of another size",
      destination("signing_secret: [whsk_aHVudGVyMg==]"),
      [
        "5:22: destinations.crm.signing_secret[0]: the value is a key of 7 bytes; one of Ed25519 has 32 (the seed), or 64 "
          + "(the seed, and the public key)"
      ]),
    FaultyConfiguration(
      "an Ed25519 key with another's public half",
      destination(
        "signing_secret: "
          + "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8EoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA=="),
      [
        "5:21: destinations.crm.signing_secret: the value is no key of Ed25519: its second half is not the public key of the "
          + "first; huggy-relay secret --ed25519 makes one"
      ]),
    FaultyConfiguration(
      "a public key in the place of a secret",
      destination("signing_secret: whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="),
      [
        "5:21: destinations.crm.signing_secret: the value is a public key, which signs nothing; write the secret key, which "
          + "begins with whsk_"
      ]),
    FaultyConfiguration(
      "a signing secret that is not base64",
      destination("signing_secret: whsec_hunter-2"),
      [
        "5:21: destinations.crm.signing_secret: the value is not a signing secret; what follows "
          + "whsec_ is not base64"
      ]),
    FaultyConfiguration(
      "a signing secret that is too short",
      destination("signing_secret: [whsec_aHVudGVyMg==]"),
      [
        "5:22: destinations.crm.signing_secret[0]: the value is a key of 7 bytes; one has 24 to 64"
      ]),
    FaultyConfiguration(
      "a signing secret that is too long",
      destination(
        "signing_secret: "
          + "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
      [
        "5:21: destinations.crm.signing_secret: the value is a key of 66 bytes; one has 24 to 64"
      ]),
    FaultyConfiguration(
      "no signing secrets",
      destination("signing_secret: []"),
      [
        "5:21: destinations.crm.signing_secret: an empty list signs nothing; remove the key"
      ]),
    FaultyConfiguration(
      "a signing secret as a mapping",
      destination("signing_secret: { value: whsec_x }"),
      [
        "5:21: destinations.crm.signing_secret: expected a signing secret or a list of them, found "
          + "a mapping"
      ]),
    FaultyConfiguration(
      "headers that are the relay's own",
      destination("headers:\n  Webhook-Id: a\n  huggy-event: b\n  Content-Type: c\n  traceparent: d"),
      [
        "6:7: destinations.crm.headers.Webhook-Id: 'Webhook-Id' is set by the relay and can't be "
          + "replaced; choose another name",
        "7:7: destinations.crm.headers.huggy-event: 'huggy-event' is set by the relay and can't be "
          + "replaced; choose another name",
        "8:7: destinations.crm.headers.Content-Type: 'Content-Type' is set by the relay and can't "
          + "be replaced; choose another name",
        "9:7: destinations.crm.headers.traceparent: 'traceparent' is set by the relay and can't be "
          + "replaced; choose another name",
      ]),
    FaultyConfiguration(
      "headers that are no names",
      destination("headers: { \"X Team\": a, \"\": b }"),
      [
        "5:16: destinations.crm.headers.X Team: 'X Team' is not a header name; use letters, digits "
          + "and -",
        "5:29: destinations.crm.headers.\"\": '' is not a header name; use letters, digits and -",
      ]),
    FaultyConfiguration(
      "a header twice",
      destination("headers: { X-Team: a, x-team: b }"),
      [
        "5:27: destinations.crm.headers.x-team: this header stands twice (case makes no "
          + "difference); keep one of them"
      ]),
    FaultyConfiguration(
      "a header over two lines",
      destination("headers: { X-Team: \"hunter2\\r\\nX: y\" }"),
      [
        "5:24: destinations.crm.headers.X-Team: the value holds a line break or another control "
          + "character; a header is one line"
      ]),
    FaultyConfiguration(
      "a header without a value",
      destination("headers: { X-Key: hun, ter2 }"),
      [
        "5:28: destinations.crm.headers: a header has no value; quote values that hold a comma"
      ]),
    FaultyConfiguration(
      "a header that is a list",
      destination("headers: { X-Key: [hunter2] }"),
      [
        "5:23: destinations.crm.headers.X-Key: expected text, found a list"
      ]),
    FaultyConfiguration(
      "headers that are a list",
      destination("headers: [X-Key]"),
      [
        "5:14: destinations.crm.headers: expected a mapping of header names to values, found a list"
      ]),
    FaultyConfiguration(
      "Authorization beside auth",
      destination("headers: { authorization: hunter2 }\nauth: { bearer: a }"),
      [
        "5:16: destinations.crm.headers.authorization: auth (here or in defaults) sets the header "
          + "Authorization; remove one of the two"
      ]),
  ]

  @Test(arguments: keys)
  func everyFaultOfCredentialsIsToldWithItsPlace(faulty: FaultyConfiguration) {
    #expect(problems(of: faulty.text) == faulty.problems)
  }
}
