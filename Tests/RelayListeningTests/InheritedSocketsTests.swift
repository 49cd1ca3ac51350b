import RelayCore
import Testing

@testable import RelayListening

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct InheritedSocketsTests {
  @Test(
    arguments: [
      (["LISTEN_FDS": "2", "LISTEN_PID": "7"], [3, 4]), (["LISTEN_FDS": "2", "LISTEN_PID": "8"], []),
      (["LISTEN_FDS": "2"], []), (["LISTEN_PID": "7"], []), (["LISTEN_FDS": "0", "LISTEN_PID": "7"], []),
      (["LISTEN_FDS": "-1", "LISTEN_PID": "7"], []), (["LISTEN_FDS": "99999", "LISTEN_PID": "7"], []),
      ([:], []),
    ] as [([String: String], [Int32])])
  func theyAreThisProcessesAndBeginAtThree(environment: [String: String], descriptors: [Int32]) {
    #expect(InheritedSockets(environment: environment, process: 7).descriptors == descriptors)
  }

  @Test func whereThereAreNoneItSaysHowToStart() {
    let none = #expect(throws: ListenError.self) { try InheritedSockets.none.copies(for: "server.listen") }
    #expect(none?.code == .notPassed)
    #expect(none?.description.contains("systemctl enable --now huggy-relay.socket huggy-relay") == true)
    let others = InheritedSockets(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "12"], process: 7)
    let error = #expect(throws: ListenError.self) { try others.copies(for: "server.listen") }
    #expect(error?.description.contains("sockets were passed to process 12") == true)
  }

  /// Without sockets a listener does not start, and may be started again.
  @Test func aListenerWithoutSocketsIsAnError() async throws {
    let sockets = ListeningSockets<Int>(key: "server.listen")
    func start(_ inherited: [(socket: Int, address: ListenAddress)]) async throws -> ListenAddress {
      try await sockets.start(
        at: .systemd, bind: { _ in throw CancellationError() }, inherit: { inherited }, close: { _ in })
    }
    let error = await #expect(throws: ListenError.self) { _ = try await start([]) }
    #expect(error?.code == .notPassed)
    let address = ListenAddress(host: "::", port: 80)
    #expect(try await start([(1, address), (2, ListenAddress(host: "10.0.0.1", port: 81))]) == address)
    #expect(sockets.shutDown() == [1, 2])
  }
}
