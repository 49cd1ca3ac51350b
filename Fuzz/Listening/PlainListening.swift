import NIOCore

/// Stands for `ListenerCertificates` where nothing is encrypted: a fuzzer writes no TLS.
package final class ListenerCertificates: Sendable {
  package init() {}

  package func makeHandler() -> (any ChannelHandler)? { nil }
}

package enum SecuredListener: Sendable {
  case ingest, admin
}

/// Stands for `TLSFailure`: without TLS there is none.
package enum TLSFailure {
  package static func explanation(of error: any Error, at listener: SecuredListener) -> String? { nil }
  package static func isEndWithoutFarewell(_ error: any Error) -> Bool { false }
}
