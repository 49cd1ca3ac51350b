#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The connections that wait in a listening socket's queue: the system has completed them, and their senders may have sent a request
/// already. Who closes the socket resets them all.
enum AcceptQueue {
  /// Accepts all that wait.
  ///
  /// - Parameter listening: It does not block.
  /// - Returns: A descriptor of each, which the caller closes. Where the process may have no more descriptors, the rest stays.
  static func takeAll(of listening: Int32) -> [Int32] {
    var connections: [Int32] = []
    while true {
      let connection = accept(listening, nil, nil)
      if connection >= 0 {
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        connections.append(connection)
      } else if errno != EINTR, errno != ECONNABORTED {
        return connections
      }
    }
  }
}
