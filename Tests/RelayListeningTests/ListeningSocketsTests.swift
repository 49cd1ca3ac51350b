import NIOCore
import RelayCore
import RelayListening
import RelayThreads
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What both listeners do, without a socket: `bind` is the test's.
@Suite struct ListeningSocketsTests {
  private static let localhost = ListenAddress(host: "localhost", port: 0)

  /// Hands out ports from 1000 on, refuses what it is told to, and notes what is closed.
  private final class System: Sendable {
    private let state = Locked((asked: [ListenAddress](), closed: [String](), nextPort: 1_000))
    private let refusal: @Sendable (ListenAddress, _ call: Int) -> Int32?

    init(refusal: @escaping @Sendable (ListenAddress, _ call: Int) -> Int32? = { _, _ in nil }) {
      self.refusal = refusal
    }

    var asked: [ListenAddress] { state.withLock { $0.asked } }
    var closed: [String] { state.withLock { $0.closed } }

    func bind(_ address: ListenAddress) async throws -> (socket: String, port: Int) {
      let call = state.withLock { state in
        state.asked.append(address)
        return state.asked.count
      }
      if let code = refusal(address, call) { throw IOError(errnoCode: code, reason: "bind") }
      let port = state.withLock { state in
        guard address.port == 0 else { return address.port }
        state.nextPort += 1
        return state.nextPort - 1
      }
      return ("\(address.host):\(port)", port)
    }

    func close(_ sockets: [String]) async { state.withLock { $0.closed += sockets } }
  }

  private func start(_ system: System, at address: ListenAddress = localhost) async throws -> ListenAddress {
    try await ListeningSockets<String>(key: "server.listen").start(
      at: address, bind: system.bind, close: system.close)
  }

  @Test func localhostIsBothItsAddressesAtOnePort() async throws {
    let system = System()
    #expect(try await start(system) == ListenAddress(host: "localhost", port: 1_000))
    #expect(system.asked.map(\.description) == ["127.0.0.1:0", "[::1]:1000"])
    #expect(system.closed.isEmpty)
  }

  @Test(arguments: ["127.0.0.1", "::1"], [EADDRNOTAVAIL, EAFNOSUPPORT])
  func oneOfTheTwoIsEnough(missing: String, code: Int32) async throws {
    let system = System { address, _ in address.host == missing ? code : nil }
    #expect(try await start(system).port == 1_000)
  }

  @Test func noneOfTheTwoIsAnError() async throws {
    let error = await #expect(throws: ListenError.self) { try await start(System { _, _ in EADDRNOTAVAIL }) }
    #expect(error?.code == .addressNotAvailable)
    #expect(error?.description.hasPrefix("server.listen localhost:0: ") == true)
  }

  @Test func aChosenPortThatIsTakenElsewhereIsChosenAnew() async throws {
    let system = System { address, call in address.host == "::1" && call == 2 ? EADDRINUSE : nil }
    #expect(try await start(system).port == 1_001)
    #expect(system.closed == ["127.0.0.1:1000"])
  }

  @Test func aGivenPortThatIsTakenIsNotTriedAgain() async throws {
    let system = System { _, _ in EADDRINUSE }
    let error = await #expect(throws: ListenError.self) {
      try await start(system, at: ListenAddress(host: "127.0.0.1", port: 80))
    }
    #expect(error?.code == .addressInUse)
    #expect(system.asked.count == 1)
  }

  @Test func itStartsOnceAndNeverAfterItsEnd() async throws {
    let (sockets, system) = (ListeningSockets<String>(key: "server.admin"), System())
    _ = try await sockets.start(at: Self.localhost, bind: system.bind, close: system.close)
    let twice = await #expect(throws: ListenError.self) {
      try await sockets.start(at: Self.localhost, bind: system.bind, close: system.close)
    }
    #expect(twice?.code == .alreadyStarted)
    #expect(sockets.shutDown() == ["127.0.0.1:1000", "::1:1000"])
    let late = await #expect(throws: ListenError.self) {
      try await sockets.start(at: Self.localhost, bind: system.bind, close: system.close)
    }
    #expect(late?.code == .shutDown)
    #expect(sockets.shutDown().isEmpty)
  }

  @Test func aStartThatFailedMayBeTriedAgain() async throws {
    let sockets = ListeningSockets<String>(key: "server.admin")
    let system = System { _, call in call == 1 ? EACCES : nil }
    let address = ListenAddress(host: "127.0.0.1", port: 80)
    let error = await #expect(throws: ListenError.self) {
      try await sockets.start(at: address, bind: system.bind, close: system.close)
    }
    #expect(error?.code == .permissionDenied)
    #expect(try await sockets.start(at: address, bind: system.bind, close: system.close) == address)
  }

  @Test func whatIsShutDownWhileItStartsClosesWhatItOpened() async throws {
    let (sockets, system) = (ListeningSockets<String>(key: "server.admin"), System())
    let error = await #expect(throws: ListenError.self) {
      try await sockets.start(
        at: Self.localhost,
        bind: { address in
          #expect(sockets.shutDown().isEmpty)
          return try await system.bind(address)
        }, close: system.close)
    }
    #expect(error?.code == .shutDown)
    #expect(system.closed == ["127.0.0.1:1000", "::1:1000"])
  }

  @Test func anotherAddressIsOpenBeforeTheOldOneIsClosed() async throws {
    let (sockets, system) = (ListeningSockets<String>(key: "server.listen"), System())
    let other = ListenAddress(host: "127.0.0.2", port: 0)
    #expect(try await sockets.move(to: other, bind: system.bind, close: system.close) == nil)
    #expect(system.asked.isEmpty)
    _ = try await sockets.start(at: Self.localhost, bind: system.bind, close: system.close)
    let moved = try await sockets.move(
      to: other,
      bind: { address in
        #expect(system.closed.isEmpty)
        return try await system.bind(address)
      }, close: system.close)
    #expect(moved == ListenAddress(host: "127.0.0.2", port: 1_001))
    #expect(system.closed == ["127.0.0.1:1000", "::1:1000"])
    #expect(sockets.shutDown() == ["127.0.0.2:1001"])
  }
}
