import Glibc
import RelayPostgresSupport
import RelayThreads

@testable import RelayPostgres

/// Takes connections on loopback as a server would, and then sends messages without an end, faster than anyone takes them.
final class FloodingServer {
  enum Begin {
    /// Instead of the end of the log-on.
    case atLogOn
    /// Once it has logged a client on.
    case afterLogOn
    /// Instead of the answer to what a client asks.
    case atQuestion
  }

  private let listener: Int32
  private let thread: WorkerThread
  private let port: Int

  init(_ begin: Begin) throws {
    let (listener, port) = try LoopbackPort.listen()
    (self.listener, self.port) = (listener, port)
    thread = WorkerThread(name: "flood") {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { return }
      Self.serve(client, begin)
      close(client)
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    thread.join()
    close(listener)
  }

  var address: ServerAddress {
    get throws {
      try ServerAddress(url: "postgres://u@127.0.0.1:\(port)/d?sslmode=disable&target_session_attrs=any")
    }
  }

  private static func serve(_ client: Int32, _ begin: Begin) {
    guard hears(client), send([message("R", [0, 0, 0, 0])], to: client) else { return }
    if begin != .atLogOn {
      let key = message("K", [0, 0, 0, 1, 0, 0, 0, 1])
      guard send([status("server_version", "15.18"), key, message("Z", [UInt8(ascii: "I")])], to: client)
      else { return }
    }
    if begin == .atQuestion, !hears(client) { return }
    let flood = [[UInt8]](repeating: status("application_name", "flood"), count: 2_000)
    // Whoever never stops taking them is to fail, and not to hang.
    let end = ContinuousClock.now.advanced(by: .seconds(60))
    while ContinuousClock.now < end, send(flood, to: client) {}
  }

  /// Waits until the client has sent something.
  private static func hears(_ client: Int32) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    return recv(client, &buffer, buffer.count, 0) > 0
  }

  private static func status(_ name: String, _ value: String) -> [UInt8] {
    message("S", Array(name.utf8) + [0] + Array(value.utf8) + [0])
  }

  private static func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 4).bigEndian
    return [kind.asciiValue!] + withUnsafeBytes(of: length) { Array($0) } + body
  }

  private static func send(_ messages: [[UInt8]], to client: Int32) -> Bool {
    var rest = Array(messages.joined())[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
