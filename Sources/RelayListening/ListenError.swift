import NIOCore
import RelayCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why a listener could not be started, and what would help.
package struct ListenError: Error, Equatable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    case addressInUse
    case addressNotAvailable
    case permissionDenied
    case unknownHost
    case alreadyStarted
    case shutDown
    /// It is to listen on systemd's sockets, and there are none.
    case notPassed
    case other
  }

  package var code: Code
  package var address: ListenAddress
  package var description: String

  /// - Parameter key: The key of routes.yaml that says where to listen, such as `server.listen`.
  init(_ code: Code, _ key: String, _ address: ListenAddress, reason: String) {
    self.code = code
    self.address = address
    description = "\(key) \(address): \(reason)"
  }

  init(binding address: ListenAddress, of key: String, failedWith error: any Error) {
    if let known = error as? ListenError {
      self = known
      return
    }
    let code = Code(binding: error)
    let reason =
      switch code {
      case .addressInUse:
        "the address is in use, perhaps by another relay: stop that process, or change \(key)"
      case .permissionDenied:
        "permission denied: ports below 1024 need CAP_NET_BIND_SERVICE; use a higher one"
      case .addressNotAvailable: "this machine has no such address: use one of its own, or 0.0.0.0 for all"
      case .unknownHost: "the host is not known: use an IP address"
      case .alreadyStarted: "already listening"
      case .shutDown: "this server has been shut down"
      case .notPassed: "no socket was passed to this process"
      case .other: error is CancellationError ? "the start was cancelled" : "can't listen: \(error)"
      }
    self.init(code, key, address, reason: reason)
  }
}

extension ListenError.Code {
  /// What the system's error means.
  init(binding error: any Error) {
    switch error {
    case let refusal as StartRefusal: self = refusal == .shutDown ? .shutDown : .alreadyStarted
    case is SocketAddressError: self = .unknownHost
    case let error as IOError:
      switch error.errnoCode {
      case EADDRINUSE: self = .addressInUse
      case EACCES: self = .permissionDenied
      case EADDRNOTAVAIL, EAFNOSUPPORT: self = .addressNotAvailable
      default: self = .other
      }
    default: self = .other
    }
  }
}
