import Foundation
import Glibc
import RelayCore
import RelayHarness
import RelayThreads
import RelayTools
import Testing

/// A socket that somebody else holds, as systemd does.
final class HeldSocket: Sendable {
  let descriptor: Int32
  let url: String

  /// - Parameter length: How many connections may wait in it.
  init(at host: String, length: Int32 = 1_024) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, host, &address.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && listen(descriptor, length) == 0
          && getsockname(descriptor, address, &size) == 0
      }
    }
    guard status else { throw CocoaError(.featureUnsupported) }
    url = "http://\(host):\(UInt16(bigEndian: address.sin_port))"
  }

  deinit { close(descriptor) }

  /// How many connections may wait, as Linux says it of a socket that listens.
  var length: UInt32 {
    var (info, size) = (tcp_info(), socklen_t(MemoryLayout<tcp_info>.size))
    getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &size)
    return info.tcpi_sacked
  }
}

/// `server.listen: systemd`.
@Suite(.timeLimit(.minutes(15))) struct SocketActivationTests {
  private static func rules(_ destination: ListenAddress) -> String {
    """
    server: { listen: systemd, admin: "127.0.0.1:0", drain: 10s }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://\(destination)/" } }
    routes: [{ name: all, to: crm }]
    """
  }

  /// What a sender saw.
  private struct Books: Sendable {
    var accepted = 0
    var problems: [String] = []
    var isOver = false
  }

  /// Posts envelopes of one event each, a connection each, one after another, until it is told that it is over.
  private static func sender(_ name: String, to url: String, _ books: Monitor<Books>) -> WorkerThread {
    WorkerThread(name: name) {
      var number = 0
      while !books.update({ $0.isOver }) {
        number += 1
        do {
          let answer = try post(
            Array(#"{"messages":{"createdChat":[{"id":"\#(name)-\#(number)"}]}}"#.utf8), to: url)
          books.update {
            if answer.status == 200 {
              $0.accepted += 1
            } else {
              $0.problems.append("status \(answer.status)")
            }
          }
        } catch {
          books.update { $0.problems.append("\(error)") }
        }
      }
    }
  }

  /// Broken by a socket that is shut down at the end, and by connections that are closed between their acceptance and their first byte.
  @Test func aRestartRefusesNobodyAndLosesNothing() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let setting = try Setting(Self.rules(try await sink.start()))
    let socket = try HeldSocket(at: anyPortOfOwnHost().host, length: 777)
    let books = Monitor(Books())
    let senders = ["a", "b"].map { Self.sender($0, to: socket.url + "/huggy", books) }
    for restart in 1...4 {
      let relay = try setting.start(passing: socket.descriptor)
      #expect(relay.ingestURL() == socket.url, "it says where systemd listens")
      #expect(socket.length == 777, "the queue is as long as its owner made it")
      #expect(
        books.wait(timeout: .seconds(60)) { $0.accepted >= restart * 60 || !$0.problems.isEmpty ? true : nil }
          != nil)
      if restart == 4 { books.update { $0.isOver = true } }
      if restart == 4 { for sender in senders { sender.join() } }
      relay.send(signal: SIGTERM)
      #expect(relay.waitForExit() == 0)
    }
    let seen = books.update { $0 }
    #expect(seen.problems == [])
    let last = try setting.start(passing: socket.descriptor)
    #expect(last.ingestURL() != nil)
    #expect(received.wait { Set($0.map(\.webhookID)).count >= seen.accepted })
    #expect(Set(received.accepted.map(\.webhookID)).count == seen.accepted)
    last.send(signal: SIGTERM)
    #expect(last.waitForExit() == 0)
    await sink.stop()
  }

  @Test func withoutItsSocketTheRelaySaysWhatToDo() throws {
    let setting = try Setting(Self.rules(ListenAddress(host: "127.0.0.1", port: 9)))
    let relay = try setting.start()
    #expect(relay.waitForExit() == 1)
    #expect(
      relay.log.contains {
        $0.contains(
          "server.listen systemd: no socket was passed to this process; start it by its .socket unit")
      })
  }

  private static let wrong = "nonsense: 1\n"
  private static let pauseLine = "systemd starts the relay again for whoever connects to its socket"

  /// systemd would start it again at once, and again, for whoever waits. Broken by a start that ends as it does without a socket.
  @Test func aWrongConfigurationIsNotTriedAgainAndAgainForWhoeverWaitsInTheSocket() throws {
    let setting = try Setting(Self.wrong)
    let socket = try HeldSocket(at: anyPortOfOwnHost().host)
    let began = ContinuousClock.now
    let relay = try setting.start(passing: socket.descriptor)
    #expect(relay.waitForLine(containing: Self.pauseLine) != nil)
    #expect(relay.waitForExit() == 78)
    #expect(began.duration(to: .now) >= .seconds(5))
    #expect(relay.log.contains { $0.contains("routes.yaml:1:1: nonsense") }, "\(relay.log)")
  }

  /// Broken by a pause that `systemctl stop` and `systemctl restart` would have to wait for.
  @Test func whoStopsItNeedNotWaitForThePause() throws {
    let setting = try Setting(Self.wrong)
    let socket = try HeldSocket(at: anyPortOfOwnHost().host)
    let began = ContinuousClock.now
    let relay = try setting.start(passing: socket.descriptor)
    #expect(relay.waitForLine(containing: Self.pauseLine) != nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 78)
    #expect(began.duration(to: .now) < .seconds(5))
  }

  @Test func withoutASocketAWrongConfigurationEndsAtOnce() throws {
    let relay = try Setting(Self.wrong).start()
    #expect(relay.waitForExit() == 78)
    #expect(!relay.log.contains { $0.contains(Self.pauseLine) })
  }

  @Test func whoWaitsInTheSocketIsServedOnceTheConfigurationIsMended() throws {
    let setting = try Setting(Self.wrong)
    let socket = try HeldSocket(at: anyPortOfOwnHost().host)
    let books = Monitor(Books())
    let sender = Self.sender("a", to: socket.url + "/huggy", books)
    let failing = try setting.start(passing: socket.descriptor)
    #expect(failing.waitForLine(containing: Self.pauseLine) != nil)
    failing.send(signal: SIGTERM)
    #expect(failing.waitForExit() == 78)
    try setting.rewrite(Self.rules(ListenAddress(host: "127.0.0.1", port: 9)))
    let relay = try setting.start(passing: socket.descriptor)
    #expect(
      books.wait(timeout: .seconds(60)) { $0.accepted >= 1 || !$0.problems.isEmpty ? true : nil } != nil)
    books.update { $0.isOver = true }
    sender.join()
    #expect(books.update { $0.problems } == [])
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func socketsThatNobodyAcceptsFromAreWarnedOf() throws {
    let setting = try Setting(
      Self.rules(ListenAddress(host: "127.0.0.1", port: 9)).replacing(
        "listen: systemd", with: "listen: \"127.0.0.1:0\""))
    let socket = try HeldSocket(at: anyPortOfOwnHost().host)
    let relay = try setting.start(passing: socket.descriptor)
    #expect(relay.ingestURL() != nil)
    #expect(
      relay.waitForLine(containing: "systemd has passed sockets that nobody accepts from", "listen: systemd")
        != nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  /// From the socket to an address and back: it is not lost.
  @Test func aReloadLeavesTheSocketAndComesBackToIt() throws {
    let setting = try Setting(Self.rules(ListenAddress(host: "127.0.0.1", port: 9)))
    let socket = try HeldSocket(at: anyPortOfOwnHost().host)
    let relay = try setting.start(passing: socket.descriptor)
    #expect(relay.ingestURL() == socket.url)
    let own = anyPortOfOwnHost()
    let text = Self.rules(ListenAddress(host: "127.0.0.1", port: 9))
    try setting.rewrite(text.replacing("listen: systemd", with: "listen: \"\(own)\""))
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: #""message":"reloaded""#) != nil)
    let url = try #require(relay.ingestURL())
    #expect(url.hasPrefix("http://\(own.host):"))
    #expect(try post(Array(#"{"messages":{}}"#.utf8), to: url + "/huggy").status == 200)
    try setting.rewrite(text)
    relay.send(signal: SIGHUP)
    #expect(try post(Array(#"{"messages":{}}"#.utf8), to: socket.url + "/huggy").status == 200)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
