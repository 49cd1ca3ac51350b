import Testing

@testable import RelayCurl

@Suite struct CertificateProblemTests {
  private func message(_ code: Int, _ words: String) -> String {
    CertificateProblem(
      code: code, words: words, subject: "CN=crm", issuer: "CN=Ipe", validFrom: "2026-01-02T03:04:05Z",
      validUntil: "2026-02-03T04:05:06Z"
    ).message(host: "crm.example", places: "/ca.pem")
  }

  @Test(arguments: [
    (20, "no issuer", "no issuer; CN=Ipe, which issued it, is not in /ca.pem"),
    (2, "no issuer", "no issuer; CN=Ipe, which issued it, is not in /ca.pem"),
    (21, "alone", "alone; CN=Ipe, which issued it, is not in /ca.pem"),
    (18, "self-signed", "self-signed; CN=crm is not in /ca.pem"),
    (19, "self-signed", "self-signed; CN=crm is not in /ca.pem"),
    (9, "not yet", "not yet; CN=crm is valid from 2026-01-02T03:04:05Z"),
    (10, "expired", "expired; CN=crm was valid until 2026-02-03T04:05:06Z"),
    (26, "wrong purpose", "wrong purpose; it is about CN=crm"),
  ])
  func eachReasonNamesWhatIsMissing(_ code: Int, _ words: String, _ rest: String) {
    #expect(message(code, words) == "the certificate of crm.example is not believed: \(rest)")
  }
}
