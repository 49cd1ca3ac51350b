import RelayCore
import Testing

@testable import RelayAdmin

/// What libcurl and the relay's listener say of each other, and what it means.
@Suite struct UnreachableHintTests {
  @Test(arguments: [
    ("http", TransportFailure.Kind.reset, "Empty reply from server", false, "write https://"),
    ("http", .other, "Received HTTP/0.9 when not allowed", false, "write https://"),
    ("http", .connectionRefused, "127.0.0.1 port 1", false, "does it run"),
    ("https", .tls, "error:0A00010B:SSL routines::wrong version number", false, "write http://"),
    ("https", .tls, "error:0A0000C6:SSL routines::packet length too long", false, "write http://"),
    (
      "https", .reset, "SSL routines::tlsv13 alert certificate required, errno 0", false,
      "give one with --admin-certificate"
    ),
    (
      "https", .tls, "SSL routines::sslv3 alert handshake failure", false, "give one with --admin-certificate"
    ),
    ("https", .reset, "SSL routines::tlsv1 alert unknown ca", true, "does not take the certificate"),
    (
      "https", .tls, "the certificate of h is not believed: unable to get local issuer certificate; CN=x",
      false,
      "--admin-ca"
    ),
    (
      "https", .tls, "SSL: no alternative certificate subject name matches target host name 'h'", false,
      "that its certificate is for"
    ),
    ("https", .connectionRefused, "127.0.0.1 port 1", false, "does it run"),
  ]) func eachFailureSaysWhatToDo(
    _ scheme: String, _ kind: TransportFailure.Kind, _ message: String, _ shows: Bool, _ expected: String
  ) {
    let hint = UnreachableHint.text(
      TransportFailure(kind: kind, message: message), url: "\(scheme)://h:1", showsCertificate: shows)
    #expect(hint.contains(expected), "\(hint)")
  }
}
