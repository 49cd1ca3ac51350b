#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many connections may wait for being accepted: the length that whoever opened a socket gave it.
///
/// SwiftNIO calls `listen` once more on a socket that it is handed, with a length of its own (128).
struct ListenQueue {
  private let length: Int32

  init(of descriptor: Int32) {
    #if canImport(Glibc)
      // Of a socket that listens, Linux tells it here (inet_diag(7) does so, too).
      var (info, size) = (tcp_info(), socklen_t(MemoryLayout<tcp_info>.size))
      let status = getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
      length = status == 0 && info.tcpi_sacked > 0 ? Int32(clamping: info.tcpi_sacked) : Self.longest
    #else
      length = Self.longest
    #endif
  }

  func restore(on descriptor: Int32) {
    _ = listen(descriptor, length)
  }

  /// The system allows less.
  private static let longest = Int32(1) << 16
}
