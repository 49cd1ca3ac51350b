import Foundation
import RelayThreads

/// A socket of loopback for tests that answer by hand: each connection brings one request of an envelope.
final class RequestListener: Sendable {
  let port: Int
  private let socket: Int32
  private let thread = Locked<WorkerThread?>(nil)

  /// - Parameter received: Given the connection once its request has come, on the listener's thread: it is to be answered.
  convenience init(_ received: @escaping @Sendable (_ connection: Int32) -> Void) throws {
    try self.init(readingItself: { connection in
      Self.readRequest(connection)
      received(connection)
    })
  }

  /// - Parameter accepted: Given each connection as it comes, on the listener's thread: it is to be read and answered.
  init(readingItself accepted: @escaping @Sendable (_ connection: Int32) -> Void) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = socket
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    thread.withLock {
      $0 = WorkerThread(name: "receiver") {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
          accepted(connection)
        }
      }
    }
  }

  private static func readRequest(_ connection: Int32) {
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    // The body ends with the envelope's last two braces; its head holds none.
    while !request.suffix(2).elementsEqual(Array("}}".utf8)) {
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return }
      request += buffer[..<count]
    }
  }

  /// Reads a request of any kind, by its `content-length`. nil: it was given up.
  static func request(on connection: Int32) -> (head: String, body: String)? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let (head, body) = (String(text[..<end.lowerBound]), String(text[end.upperBound...]))
        let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let expected = length.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        if body.utf8.count >= expected { return (head, body) }
      }
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  /// - Parameter head: The status, and perhaps header lines, without the last line's end.
  static func answer(_ connection: Int32, _ head: String, body: String = "") {
    let answer = Array(
      "HTTP/1.1 \(head)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8)
    _ = write(connection, answer, answer.count)
    hangUp(connection)
  }

  static func hangUp(_ connection: Int32) { close(connection) }

  func stop() {
    // Wakes `accept`.
    shutdown(socket, Int32(SHUT_RDWR))
    thread.withLock { $0?.join() }
    close(socket)
  }
}
