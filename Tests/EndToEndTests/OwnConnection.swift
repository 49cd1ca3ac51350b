import Foundation

/// A TCP connection whose bytes the test writes itself.
final class OwnConnection {
  let descriptor: Int32

  /// How long to wait for what must come.
  private static let patience = 60

  /// - Parameters:
  ///   - url: `http://ADDRESS:PORT`.
  ///   - source: An address of this machine.
  ///   - receiveBytes: How much the system keeps of what was not read.
  init(to url: String, from source: String? = nil, receiveBytes: Int32? = nil) throws {
    let parts = url.dropFirst("http://".count).split(separator: ":")
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Self.failure("socket") }
    if var bytes = receiveBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if let source, Self.withAddress(source, port: 0, { bind(descriptor, $0, $1) }) != 0 {
      throw Self.failure("bind")
    }
    let port = UInt16(parts[1]) ?? 0
    guard Self.withAddress(String(parts[0]), port: port, { connect(descriptor, $0, $1) }) == 0 else {
      throw Self.failure("connect")
    }
  }

  deinit { close(descriptor) }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      throw Self.failure("send")
    }
  }

  /// Sends the same again and again, until the other side takes no more: it has ended the connection, or reads nothing for so long.
  ///
  /// - Returns: How many bytes it has taken.
  func sendWithoutEnd(_ piece: [UInt8], silence: Duration = .seconds(1)) -> Int {
    var sent = 0
    while wait(for: POLLOUT, silence) & Int16(POLLOUT) != 0 {
      let count = Glibc.send(
        descriptor, piece, piece.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      if count < 0 && (errno == EAGAIN || errno == EINTR) { continue }
      guard count > 0 else { return sent }
      sent += count
    }
    return sent
  }

  /// Waits for something to happen.
  ///
  /// - Returns: What poll(2) says; 0: nothing has in this time.
  func wait(for events: Int32, _ limit: Duration) -> Int16 {
    var look = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    let milliseconds = limit.components.seconds * 1_000 + limit.components.attoseconds / 1_000_000_000_000_000
    guard poll(&look, 1, Int32(milliseconds)) > 0 else { return 0 }
    return look.revents
  }

  /// Waits, without reading, until the other side has ended the connection; false: it has not within a minute.
  func waitForEnd() -> Bool {
    // Linux's POLLRDHUP, which Glibc's module does not have.
    let hangUp: Int32 = 0x2000
    return wait(for: hangUp, .seconds(Self.patience)) & Int16(hangUp | POLLHUP | POLLERR) != 0
  }

  func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes next; nothing where the other side has ended the connection.
  func next() -> String {
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &piece, piece.count, 0)
    return String(decoding: piece[..<max(0, count)], as: UTF8.self)
  }

  /// All that comes until the other side ends the connection.
  func rest() -> String {
    var all = ""
    while true {
      let piece = next()
      if piece.isEmpty { return all }
      all += piece
    }
  }

  private static func failure(_ what: String) -> NotInTime {
    NotInTime(description: "\(what): \(String(cString: strerror(errno)))")
  }

  private static func withAddress(
    _ host: String, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, host, &address.sin_addr)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
