import Foundation
import RelayHarness
import RelayThreads
import Testing

/// A destination that asks to be left alone for an hour, and a person who knows better.
@Suite struct HoldTests {
  private func yaml(_ receiver: HoldingReceiver, isPaused: Bool = false) -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://127.0.0.1:\(receiver.port)/", paused: \(isPaused) } }
    routes: [{ name: all, to: crm }]
    """
  }

  private func heldRelay(_ setting: Setting, _ receiver: HoldingReceiver) async throws -> RelayProcess {
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    #expect(try post(envelope(("a", #""id":1"#)), to: url + "/huggy").status == 200)
    let status = try await eventually {
      try person.run("status").output
    } until: {
      $0.contains("held by Retry-After until") || $0.contains("failing")
    }
    #expect(!status.split(whereSeparator: { !$0.isLetter }).contains("ok"), "\(status)")
    _ = try await eventually {
      try person.get("/api/v1/status")
    } until: {
      !$0.contains(#""held_until":null"#)
    }
    #expect(receiver.count == 1)
    return relay
  }

  @Test func resumeLiftsAHoldAndSaysSo() async throws {
    let receiver = try HoldingReceiver()
    let setting = try Setting(yaml(receiver))
    let relay = try await heldRelay(setting, receiver)
    let person = try #require(Operator(relay))
    let resumed = try person.run("resume", "crm")
    #expect(resumed.status == 0)
    #expect(resumed.output.contains("lifted what it asked for with Retry-After"), "\(resumed.output)")
    let delivered = try await eventually {
      try person.destination("crm")?.delivered
    } until: {
      $0 == 1
    }
    #expect(delivered == 1)
    #expect(try person.run("resume", "crm").output.contains("neither paused nor held"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    receiver.stop()
  }

  @Test func resumeOfOneThatTheFilePausesIsAConflictAndLiftsTheHoldAllTheSame() async throws {
    let receiver = try HoldingReceiver()
    let setting = try Setting(yaml(receiver))
    let relay = try await heldRelay(setting, receiver)
    let person = try #require(Operator(relay))
    try setting.rewrite(yaml(receiver, isPaused: true))
    #expect(try person.run("reload").status == 0)
    let refused = try person.run("resume", "crm")
    #expect(refused.status == 1)
    #expect(
      refused.errors.contains("routes.yaml:3") && refused.errors.contains("hold until"), "\(refused.errors)")
    try setting.rewrite(yaml(receiver))
    #expect(try person.run("reload").status == 0)
    let delivered = try await eventually {
      try person.destination("crm")?.delivered
    } until: {
      $0 == 1
    }
    #expect(delivered == 1)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    receiver.stop()
  }
}

/// Answers the first request with 503 and an hour of `Retry-After`, others with 200. A connection a request.
private final class HoldingReceiver: Sendable {
  let port: Int
  private let socket: Int32
  private let requests = Locked(0)
  private let thread = Locked<WorkerThread?>(nil)

  var count: Int { requests.withLock { $0 } }

  init() throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = socket
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size) == 0 && listen(listener, 16) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    thread.withLock { $0 = WorkerThread(name: "receiver") { [self] in serve() } }
  }

  private func serve() {
    while true {
      let connection = accept(socket, nil, nil)
      guard connection >= 0 else { return }
      var request: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      // The body ends with the envelope's last two braces; its head holds none.
      while !request.suffix(2).elementsEqual(Array("}}".utf8)) {
        let count = read(connection, &buffer, buffer.count)
        guard count > 0 else { break }
        request += buffer[..<count]
      }
      let number = requests.withLock { count in
        count += 1
        return count
      }
      let head = number == 1 ? "503 Later\r\nRetry-After: 3600" : "200 OK"
      let answer = Array("HTTP/1.1 \(head)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
      _ = write(connection, answer, answer.count)
      close(connection)
    }
  }

  func stop() {
    // Wakes `accept`.
    shutdown(socket, Int32(SHUT_RDWR))
    thread.withLock { $0?.join() }
    close(socket)
  }
}
