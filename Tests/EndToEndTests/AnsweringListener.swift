import Foundation
import RelayThreads

/// A socket of loopback that answers small requests by hand: a connection brings one.
final class AnsweringListener: Sendable {
  let port: Int
  private let socket: Int32
  private let thread = Locked<WorkerThread?>(nil)

  /// - Parameter answer: Of a request, its head and its body: the status, and a body of JSON. On the listener's thread.
  init(_ answer: @escaping @Sendable (_ head: String, _ body: String) -> (status: Int, body: String)) throws {
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
      $0 = WorkerThread(name: "answers") {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
          if let (head, body) = Self.request(on: connection) {
            let reply = answer(head, body)
            let text =
              "HTTP/1.1 \(reply.status) Status\r\nContent-Type: application/json\r\n"
              + "Content-Length: \(reply.body.utf8.count)\r\nConnection: close\r\n\r\n\(reply.body)"
            _ = write(connection, text, text.utf8.count)
          }
          close(connection)
        }
      }
    }
  }

  /// nil: it was given up.
  private static func request(on connection: Int32) -> (head: String, body: String)? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let head = String(text[..<end.lowerBound])
        let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        let body = String(text[end.upperBound...])
        if body.utf8.count >= length ?? 0 { return (head, body) }
      }
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  func stop() {
    // Wakes `accept`.
    shutdown(socket, Int32(SHUT_RDWR))
    thread.withLock { $0?.join() }
    close(socket)
  }
}
