import Glibc

/// What the kernel knows of a connection's socket, and is told about it.
enum TCPSocket {
  /// Acknowledges what has come at once. The kernel delays acknowledgements by 40 ms, for which a server's second small write
  /// may wait (Nagle's algorithm). It forgets the wish with the next data that is sent.
  static func acknowledgeAtOnce(_ socket: Int32) {
    var yes: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_QUICKACK, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  /// How many times in a row the kernel has sent something again, or probed, each time after twice the wait, without a word
  /// from the peer. (A peer that is there but does not read acknowledges, and then it is 0 again.)
  static func unansweredRepetitions(_ socket: Int32) -> Int {
    // struct tcp_info: u8 tcpi_state at 0, u8 tcpi_retransmits at 2, u8 tcpi_probes at 3. One that is being made (SYN_SENT) is
    // the connect timeout's business.
    info(socket) { $0[0] == UInt8(TCP_ESTABLISHED) ? Int(max($0[2], $0[3])) : 0 } ?? 0
  }

  /// How many bytes wait to be read.
  static func unreadBytes(_ socket: Int32) -> UInt64 {
    var count: Int32 = 0
    return ioctl(socket, UInt(FIONREAD), &count) == 0 ? UInt64(max(0, count)) : 0
  }

  /// How many bytes have come over the connection; nil: the kernel does not say.
  static func receivedBytes(_ socket: Int32) -> UInt64? {
    // u64 tcpi_bytes_received at 128, since Linux 4.1.
    info(socket) { $0.count >= 136 ? $0.load(fromByteOffset: 128, as: UInt64.self) : nil } ?? nil
  }

  /// 0: it has none.
  static func localPort(_ socket: Int32) -> Int {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) { storage in
      let status = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(socket, $0, &length)
      }
      guard status == 0 else { return 0 }
      // IPv4 and IPv6 have the port in the same place.
      return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        Int(UInt16(bigEndian: $0.pointee.sin_port))
      }
    }
  }

  /// nil: it is no TCP socket.
  private static func info<Result>(_ socket: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { buffer in
      var length = socklen_t(buffer.count)
      guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, buffer.baseAddress, &length) == 0 else {
        return nil
      }
      return body(UnsafeRawBufferPointer(rebasing: buffer[..<Int(length)]))
    }
  }
}
