import Foundation
import RelayConfig
import RelayCore
import Testing

@Suite struct DestinationLoadingTests {
  static let key = [UInt8](repeating: 7, count: 32)
  static let secret = "whsec_" + Data(key).base64EncodedString()

  @Test func everyKeyOfADestinationIsRead() throws {
    let destinations = try configuration(
      of: oneSource + """
        destinations:
          crm:
            url: https://user@crm.example:8443/hooks?x=1
            format: event
            forward_token: false
            headers: { X-Team: crm, X-Number: 007, X-Flag: yes, X-Empty: "", X-Blank: " \t", X-Ends: "\t a b " }
            signing_secret: ["\(Self.secret)", "\(Self.secret)"]
            http2: true
            timeout: 20s
            connect_timeout: 500ms
            max_idle: 5m
            concurrency: 1000
            order_by: none
            retry: { initial: 2s, factor: 1.5, max_delay: 10m, jitter: 0, max_age: 7d, max_attempts: 12 }
            permanent: 418
            tls: { verify: false }
        """
    ).destinations
    var crm = Destination(name: "crm", url: Secret("https://user@crm.example:8443/hooks?x=1"))
    crm.format = .event
    crm.headers = [("X-Team", "crm"), ("X-Number", "007"), ("X-Flag", "yes"), ("X-Ends", "a b")].map {
      Destination.Header(name: $0, value: Secret($1))
    }
    crm.signingSecrets = [SigningSecret(key: Self.key), SigningSecret(key: Self.key)]
    crm.usesHTTP2 = true
    crm.timeout = .seconds(20)
    crm.connectTimeout = .milliseconds(500)
    crm.maxIdle = .seconds(300)
    crm.concurrency = 1_000
    crm.retry.initial = .seconds(2)
    crm.retry.factor = 1.5
    crm.retry.maxDelay = .seconds(600)
    crm.retry.jitter = 0
    crm.retry.maxAge = .seconds(7 * 86_400)
    crm.retry.maxAttempts = 12
    crm.permanentStatuses = [418]
    crm.tls.verifies = false
    #expect(destinations == [crm])
  }

  @Test func whatIsNotSaidIsAsDocumented() throws {
    let destinations = try configuration(of: destination("")).destinations
    #expect(destinations == [Destination(name: "crm", url: Secret("http://crm.example"))])
  }

  @Test(arguments: [
    ("bearer: a b", Destination.Authorization.bearer(Secret("a b"))),
    ("basic: { username: u, password: '' }", .basic(username: "u", password: Secret(""))),
    (
      "basic: { username: \"${SECRET}\", password: \"${PORT}\" }",
      .basic(username: "hunter2", password: Secret("8080"))
    ),
  ])
  func eachKindOfAuthIsRead(text: String, authorization: Destination.Authorization) throws {
    let destinations = try configuration(of: destination("auth: { \(text) }")).destinations
    #expect(destinations.first?.authorization == authorization)
  }

  @Test func noStatusNeedBePermanent() throws {
    #expect(try configuration(of: destination("permanent: []")).destinations.first?.permanentStatuses == [])
  }

  @Test func destinationsSayMoreThanTheDefaultsKeyByKey() throws {
    let destinations = try configuration(
      of: oneSource + """
        defaults:
          concurrency: 4
          headers: { X-Team: all, X-Site: br }
          auth: { bearer: a }
          retry: { initial: 3s, max_attempts: 5 }
          permanent: [400]
          tls: { verify: false }
        destinations:
          plain: { url: "http://plain.example" }
          own:
            url: http://own.example
            concurrency: 8
            headers: { x-team: own }
            auth: { basic: { username: u, password: p } }
            retry: { max_attempts: unlimited, factor: 3 }
            permanent: [410, 422]
            tls: { verify: true }
        """
    ).destinations
    var plain = Destination(name: "plain", url: Secret("http://plain.example"))
    plain.concurrency = 4
    plain.headers = [
      Destination.Header(name: "X-Team", value: Secret("all")),
      Destination.Header(name: "X-Site", value: Secret("br")),
    ]
    plain.authorization = .bearer(Secret("a"))
    plain.retry.initial = .seconds(3)
    plain.retry.maxAttempts = 5
    plain.permanentStatuses = [400]
    plain.tls.verifies = false
    var own = Destination(name: "own", url: Secret("http://own.example"))
    own.concurrency = 8
    own.headers = [
      Destination.Header(name: "X-Site", value: Secret("br")),
      Destination.Header(name: "x-team", value: Secret("own")),
    ]
    own.authorization = .basic(username: "u", password: Secret("p"))
    own.retry.initial = .seconds(3)
    own.retry.factor = 3
    own.permanentStatuses = [410, 422]
    #expect(destinations == [plain, own])
  }

  @Test(arguments: [
    "http://a", "HTTPS://A.example", "http://127.0.0.1:1/x", "https://[2001:db8::1]:65535/",
    "http://a_b-c.d?x=y#z",
    "https://u:p%40@a/",
  ])
  func addressesOfHTTPAreAccepted(address: String) throws {
    let destinations = try configuration(of: oneSource + "destinations: { a: { url: '\(address)' } }")
      .destinations
    #expect(destinations.first?.url == Secret(address))
  }

  /// The seed alone, and with the public key behind it, as another implementation wrote them.
  @Test(arguments: [
    "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
    "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA==",
    "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA",
  ])
  func keysOfEd25519AreReadBesideSharedSecrets(text: String) throws {
    let destinations = try configuration(
      of: destination("signing_secret: [\(Self.secret), \(text)]")
    ).destinations
    #expect(
      destinations.first?.signingSecrets == [
        SigningSecret(key: Self.key), SigningSecret(ed25519Seed: Array(0..<32)),
      ])
  }

  @Test(arguments: [24, 25, 26, 63, 64])
  func signingSecretsOfEverySizeAreReadWithAndWithoutPadding(size: Int) throws {
    let key = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 37) }
    let padded = "whsec_" + Data(key).base64EncodedString()
    for text in [padded, padded.replacing("=", with: "")] {
      let destinations = try configuration(of: destination("signing_secret: \(text)")).destinations
      #expect(destinations.first?.signingSecrets == [SigningSecret(key: key)])
    }
  }
}
