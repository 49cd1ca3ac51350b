import CCurl
import Glibc
import RelayCore
import Testing

@testable import RelayCurl

@Suite struct FailureKindTests {
  @Test(arguments: [
    ("Resolving timed out after 150 milliseconds", TransportFailure.Kind.nameResolution),
    ("Could not resolve host: crm.internal", .nameResolution),
    ("Connection timed out after 150 milliseconds", .connectTimeout),
    ("Connection timeout after 150 ms", .connectTimeout),
    ("Failed to connect to 10.0.0.1 port 80 after 150 ms: Timeout was reached", .connectTimeout),
    ("SSL connection timeout", .connectTimeout),
    ("Operation timed out after 150 milliseconds with 0 bytes received", .timeout),
    ("", .timeout),
  ])
  func timeoutsAreToldApartByTheirWords(_ text: String, _ kind: TransportFailure.Kind) {
    #expect(TransportFailure.kind(CURLE_OPERATION_TIMEDOUT, text: text, systemError: 0) == kind)
  }

  @Test(arguments: [
    (
      "Failed to connect to 127.0.0.1 port 9000 after 0 ms: Couldn't connect to server", ECONNREFUSED,
      "127.0.0.1 port 9000"
    ),
    (
      "Failed to connect to crm.internal port 80 after 3061 ms: Couldn't connect to server", EHOSTUNREACH,
      "crm.internal port 80: No route to host"
    ),
    ("Failed to connect to ::1 port 80 after 150 ms: Timeout was reached", 0, "::1 port 80, after 150 ms"),
    ("Could not resolve host: crm.internal", 0, "Could not resolve host: crm.internal"),
  ])
  func aFailureToConnectIsOneShortPhrase(_ words: String, _ systemError: Int32, _ brief: String) {
    #expect(TransportFailure.brief(words, systemError: systemError) == brief)
  }

  @Test func onlyARefusalIsARefusedConnection() {
    func kind(_ systemError: Int32) -> TransportFailure.Kind {
      TransportFailure.kind(CURLE_COULDNT_CONNECT, text: "", systemError: systemError)
    }
    #expect(kind(ECONNREFUSED) == .connectionRefused)
    #expect(kind(EHOSTUNREACH) == .connection)
    #expect(kind(0) == .connection)
  }
}
