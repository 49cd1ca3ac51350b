import Glibc
import RelayPostgresSupport
import RelayThreads

@testable import RelayPostgres

/// Stands between connections and the server, on a Unix socket of its own. It counts their turns, and can break the way of the one whose turn is
/// next.
///
/// A turn begins when the client sends something after the server has: it is what a round trip costs.
final class TurnCounter: Sendable {
  fileprivate struct State {
    var turns = 0
    /// From this turn on, what the server answers is not passed on, and the way is closed.
    var withheldTurn: Int?
    /// How much longer each answer takes, in milliseconds.
    var delay: Int32 = 0
  }

  /// Of the folder that its socket is in.
  let address: ServerAddress
  private let state = Monitor(State())
  private let folder: String
  private let listener: Int32
  private let thread: WorkerThread

  init(to database: TestDatabase) throws {
    var template = Array("/tmp/huggy-relay-turns-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TurnCounterProblem() }
    let folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    self.folder = folder
    address = try ServerAddress(url: "postgres://postgres@/\(database.name)?host=\(folder)")
    let listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.listener = listener
    guard Self.withSocketAddress(in: folder, { bind(listener, $0, $1) }) == 0, listen(listener, 16) == 0
    else {
      throw TurnCounterProblem()
    }
    let state = state
    let server = database.server.folder
    thread = WorkerThread(name: "turns") {
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        // It ends with the connection.
        let hasStarted = WorkerThread.start(name: "way") { Self.serve(client, server: server, state) }
        if !hasStarted { close(client) }
      }
    }
  }

  private static func serve(_ client: Int32, server: String, _ state: Monitor<State>) {
    let upstream = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if withSocketAddress(in: server, { connect(upstream, $0, $1) }) == 0 {
      pass(between: client, and: upstream, state)
    }
    for socket in [client, upstream] where socket >= 0 { close(socket) }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    thread.join()
    close(listener)
    unlink("\(folder)/.s.PGSQL.5432")
    rmdir(folder)
  }

  /// How many round trips there were so far.
  var turns: Int { state.update { $0.turns } }

  /// The next answer of the server is lost, and the connection with it.
  ///
  /// - Parameter turns: It is lost of the one after so many more.
  func withholdNextAnswer(after turns: Int = 0) { state.update { $0.withheldTurn = $0.turns + turns + 1 } }

  /// From now on nobody can connect by it.
  func refuseConnections() { unlink("\(folder)/.s.PGSQL.5432") }

  /// Each answer of the server is so much longer on its way.
  func delayAnswers(byMilliseconds delay: Int32) { state.update { $0.delay = delay } }

  private static func pass(between client: Int32, and server: Int32, _ state: Monitor<State>) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var isClientsTurn = false
    while true {
      var waiting = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&waiting, 2, -1) > 0 else { continue }
      for (index, (from, to)) in [(client, server), (server, client)].enumerated()
      where waiting[index].revents != 0 {
        let count = read(from, &buffer, buffer.count)
        guard count > 0 else { return }
        let isPassed = state.update { $0.passes(fromClient: index == 0, &isClientsTurn) }
        let delay = index == 0 ? 0 : state.update { $0.delay }
        if delay > 0 { poll(nil, 0, delay) }
        guard isPassed, Self.write(buffer[..<count], to: to) else { return }
      }
    }
  }

  private static func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  private static func withSocketAddress<Result>(
    in folder: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/.s.PGSQL.5432".utf8) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

extension TurnCounter.State {
  /// - Returns: Whether what came is passed on.
  fileprivate mutating func passes(fromClient: Bool, _ isClientsTurn: inout Bool) -> Bool {
    if fromClient && !isClientsTurn { turns += 1 }
    isClientsTurn = fromClient
    guard !fromClient, turns >= withheldTurn ?? .max else { return true }
    // The next connection's answers are passed on.
    withheldTurn = nil
    return false
  }
}

private struct TurnCounterProblem: Error {}
