import Glibc
import RelayThreads

/// An HTTP proxy on loopback: it makes tunnels (CONNECT) and passes plain requests on. Whatever host it is asked for, it goes to the
/// same port of 127.0.0.1: names need no name server.
package final class TestProxy: Sendable {
  private struct State: Sendable {
    var heads: [String] = []
    var connections: Set<Int32> = []
    var isStopped = false
  }

  package let port: Int
  private let listener: Int32
  /// What it answers instead of doing what it is asked for: a status line and perhaps headers, without the last line's end.
  private let refusal: String?
  private let state = Locked(State())
  private let accepting = Locked<WorkerThread?>(nil)

  package struct Failure: Error {
    package var reason: Int32
  }

  package init(refusal: String? = nil) throws {
    self.refusal = refusal
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard let port = Self.listen(listener) else { throw Failure(reason: errno) }
    self.port = port
    accepting.withLock { thread in
      thread = WorkerThread(name: "proxy") { [self] in
        while case let client = accept(listener, nil, nil), client >= 0 {
          guard keep(client) else { break }
          // It ends with its connection.
          guard WorkerThread.start(name: "proxied", { self.serve(client) }) else { break }
        }
      }
    }
  }

  /// `http://127.0.0.1:PORT`.
  package var url: String { "http://127.0.0.1:\(port)" }

  /// The heads of all requests that it was asked for, in their order.
  package var heads: [String] { state.withLock(\.heads) }

  package func stop() {
    state.withLock { state in
      state.isStopped = true
      // Within the lock: none of them is closed meanwhile, and its number given to something else.
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    shutdown(listener, Int32(SHUT_RDWR))
    accepting.withLock { $0?.join() }
    close(listener)
  }

  // MARK: A client

  private func serve(_ client: Int32) {
    var upstream: Int32 = -1
    var back: WorkerThread?
    defer {
      let both = [client, upstream].filter { $0 >= 0 }
      drop(both)
      back?.join()
      for connection in both { close(connection) }
    }
    var rest: [UInt8] = []
    while let head = readHead(client, &rest) {
      state.withLock { $0.heads.append(head) }
      guard refusal == nil else {
        _ = Self.send(
          Array("HTTP/1.1 \(refusal!)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8), to: client)
        return
      }
      let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
      guard words.count == 3 else { return }
      let isTunnel = words[0] == "CONNECT"
      let target = isTunnel ? words[1] : words[1].dropFirst("http://".count).prefix { $0 != "/" }
      if upstream < 0 {
        guard let made = Self.connect(toPort: Self.port(of: target)), keep(made) else { return }
        upstream = made
        if isTunnel, !Self.send(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8), to: client) {
          return
        }
        back = WorkerThread(name: "back") { [upstream] in Self.copy(from: upstream, to: client) }
      }
      if isTunnel {
        if !rest.isEmpty, !Self.send(rest, to: upstream) { return }
        return Self.copy(from: client, to: upstream)
      }
      let path = words[1].dropFirst("http://".count).drop { $0 != "/" }
      let line = "\(words[0]) \(path.isEmpty ? "/" : path) \(words[2])"
      let body = readBody(client, of: head, &rest)
      let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        .dropFirst().filter { !$0.lowercased().hasPrefix("proxy-") }
      let passed = ([Substring(line)] + lines).joined(separator: "\r\n")
      guard Self.send(Array(passed.utf8) + body, to: upstream) else { return }
    }
  }

  /// Up to the empty line, with it.
  private func readHead(_ client: Int32, _ rest: inout [UInt8]) -> String? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let found = rest.firstRange(of: end) {
        let head = String(decoding: rest[..<found.upperBound], as: UTF8.self)
        rest.removeSubrange(..<found.upperBound)
        return head
      }
      guard let more = Self.read(client) else { return nil }
      rest += more
    }
  }

  private func readBody(_ client: Int32, of head: String, _ rest: inout [UInt8]) -> [UInt8] {
    let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
    let length = line.flatMap { Int($0.split(separator: ":")[1].drop { $0 == " " }) } ?? 0
    while rest.count < length {
      guard let more = Self.read(client) else { break }
      rest += more
    }
    defer { rest.removeFirst(min(length, rest.count)) }
    return Array(rest.prefix(length))
  }

  // MARK: Sockets

  private func keep(_ connection: Int32) -> Bool {
    let isKept = state.withLock { state in
      guard !state.isStopped else { return false }
      state.connections.insert(connection)
      return true
    }
    if !isKept { close(connection) }
    return isKept
  }

  /// Whoever copies from them ends.
  private func drop(_ connections: [Int32]) {
    state.withLock { $0.connections.subtract(connections) }
    for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
  }

  private static func port(of target: Substring) -> UInt16 {
    target.lastIndex(of: ":").flatMap { UInt16(target[target.index(after: $0)...]) } ?? 80
  }

  private static func listen(_ socket: Int32) -> Int? {
    withLoopback(port: 0) { address, size in
      guard bind(socket, address, size) == 0, Glibc.listen(socket, 64) == 0 else { return nil }
      var size = size
      guard getsockname(socket, address, &size) == 0 else { return nil }
      return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        Int(UInt16(bigEndian: $0.pointee.sin_port))
      }
    }
  }

  private static func connect(toPort port: UInt16) -> Int32? {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    return withLoopback(port: port) { address, size in
      if Glibc.connect(made, address, size) == 0 { return made }
      close(made)
      return nil
    }
  }

  private static func withLoopback<Result>(
    port: UInt16, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
    }
  }

  private static func read(_ connection: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connection, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer[..<count]) : nil
  }

  private static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func copy(from: Int32, to: Int32) {
    while let bytes = read(from), send(bytes, to: to) {}
    shutdown(to, Int32(SHUT_RDWR))
  }
}
