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

  @Test func onlyARefusalIsARefusedConnection() {
    func kind(_ systemError: Int32) -> TransportFailure.Kind {
      TransportFailure.kind(CURLE_COULDNT_CONNECT, text: "", systemError: systemError)
    }
    #expect(kind(ECONNREFUSED) == .connectionRefused)
    #expect(kind(EHOSTUNREACH) == .connection)
    #expect(kind(0) == .connection)
  }
}
