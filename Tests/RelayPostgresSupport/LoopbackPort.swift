import Glibc

/// Ports on loopback that nobody has.
package enum LoopbackPort {
  /// - Returns: One that the system has just given, and taken back: it does not give it again soon.
  static func free() throws -> Int {
    let (listener, port) = try listen()
    close(listener)
    return port
  }

  /// - Returns: A socket that listens on a port that the system gives. It is the caller's to close.
  package static func listen() throws -> (listener: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) + Glibc.listen(listener, 1) + getsockname(listener, address, &length)
      }
    }
    guard status == 0 else {
      close(listener)
      throw PostgresProblem("the system gives no port")
    }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }
}
