import Glibc

/// A port of loopback that refuses, or that answers nobody.
final class LoopbackPort: Sendable {
  let number: Int
  private let descriptors: [Int32]

  /// Bound, but not listening.
  static func refusing() -> LoopbackPort {
    let (socket, address) = bound()
    return LoopbackPort(address, [socket])
  }

  /// Its queue has one place, which is taken: the kernel drops whoever else knocks.
  static func silent() -> LoopbackPort {
    let (listener, address) = bound()
    precondition(listen(listener, 0) == 0)
    let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let status = withSockaddr(address) { connect(filler, $0, $1) }
    precondition(status == 0)
    return LoopbackPort(address, [listener, filler])
  }

  private init(_ address: sockaddr_in, _ descriptors: [Int32]) {
    number = Int(UInt16(bigEndian: address.sin_port))
    self.descriptors = descriptors
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
  }

  private static func bound() -> (Int32, sockaddr_in) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    precondition(withSockaddr(address) { bind(descriptor, $0, $1) } == 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
    }
    return (descriptor, address)
  }

  private static func withSockaddr(
    _ address: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
