import NIOCore
import RelayCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why the admin API could not be started, and what would help.
package struct AdminServerError: Error, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    case addressInUse
    case addressNotAvailable
    case permissionDenied
    case unknownHost
    /// `start` or `shutdown` came before.
    case usedUp
    case other
  }

  package var code: Code
  package var address: ListenAddress
  package var description: String

  init(_ code: Code, address: ListenAddress, reason: String) {
    self.code = code
    self.address = address
    description = "server.admin \(address): \(reason)"
  }

  init(binding address: ListenAddress, failedWith error: any Error) {
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE:
      self.init(
        .addressInUse, address: address,
        reason: "the address is in use, perhaps by another relay: stop that process, or change server.admin")
    case let error as IOError where error.errnoCode == EACCES:
      self.init(
        .permissionDenied, address: address,
        reason: "permission denied: ports below 1024 need CAP_NET_BIND_SERVICE; use a higher one")
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL || error.errnoCode == EAFNOSUPPORT:
      self.init(
        .addressNotAvailable, address: address,
        reason: "this machine has no such address: use one of its own, or 0.0.0.0 for all")
    case is SocketAddressError:
      self.init(.unknownHost, address: address, reason: "the host is not known: use an IP address")
    default:
      self.init(.other, address: address, reason: "can't listen: \(error)")
    }
  }
}
