import NIOCore
import NIOPosix
import NIOSSL
import RelayCore
import RelayThreads

/// A server on loopback that does about each request what its script says, down to the byte.
final class TestServer: Sendable {
  typealias Script = @Sendable (ServedRequest) -> Reaction

  struct Log: Sendable {
    var requests: [ServedRequest] = []
    var accepted = 0
    /// Connections that are open now.
    var open = 0
    /// Requests whose reaction is kept back.
    var held = 0
  }

  enum Language: Sendable {
    case http1, http2
    /// HTTP/1.1 with Nagle's algorithm: a small write waits until the one before is acknowledged.
    case http1InSmallWrites
    /// HTTP/1.1; a connection that has answered is reset at the first byte that comes after.
    case http1Once
    /// Says this to whatever comes first.
    case blurt(String)
  }

  private struct State {
    var listener: (any Channel)?
    var channels: [Int: any Channel] = [:]
    var held: [(channel: any Channel, request: ServedRequest)] = []
  }

  let log = Watched(Log())
  let language: Language
  private let tls: NIOSSLContext?
  private let script: Script
  private let state = Locked(State())

  init(_ language: Language, tls: NIOSSLContext?, script: @escaping Script) {
    self.language = language
    self.tls = tls
    self.script = script
  }

  private var isHasty: Bool {
    if case .http1InSmallWrites = language { false } else { true }
  }

  var port: Int { state.withLock { $0.listener?.localAddress?.port ?? 0 } }

  func destination(
    _ name: String = "test", host: String = "127.0.0.1", path: String = "/hook"
  ) -> Destination {
    let scheme = tls == nil ? "http" : "https"
    return Destination(name: name, url: Secret("\(scheme)://\(host):\(port)\(path)"))
  }

  func listen() async throws {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1_024)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: isHasty ? 1 : 0)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    state.withLock { $0.listener = listener }
  }

  func stop() async {
    let (listener, channels) = state.withLock { ($0.listener, Array($0.channels.values)) }
    try? await listener?.close().get()
    for channel in channels { channel.close(promise: nil) }
  }

  /// Reacts to all requests that are held.
  func release(_ reaction: (ServedRequest) -> Reaction = { _ in .answer() }) {
    let held = state.withLock { state in
      defer { state.held = [] }
      return state.held
    }
    log.update { $0.held -= held.count }
    for (channel, request) in held { channel.perform(reaction(request)) }
  }

  /// From now on nothing that comes on the connections there are now is heard, or acknowledged: so it is when a firewall
  /// has forgotten them.
  func deafen() async throws {
    let channels = state.withLock { Array($0.channels.values) }
    for channel in channels { try await channel.dropEverything() }
  }

  // MARK: From its connections

  func serve(_ request: ServedRequest, on channel: any Channel) {
    var request = request
    log.update { log in
      request.number = log.requests.count
      log.requests.append(request)
    }
    let reaction = script(request)
    guard reaction.isHeld else { return channel.perform(reaction) }
    state.withLock { $0.held.append((channel, request)) }
    log.update { $0.held += 1 }
  }

  private func accept(_ channel: any Channel) throws {
    let number = log.update { log in
      log.accepted += 1
      log.open += 1
      return log.accepted - 1
    }
    state.withLock { $0.channels[number] = channel }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { $0.channels[number] = nil }
      self.log.update { $0.open -= 1 }
    }
    let pipeline = channel.pipeline.syncOperations
    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
    try pipeline.addHandler(ServerConnection(number: number, server: self))
  }
}

/// Runs a server for as long as the body does.
func withServer(
  _ language: TestServer.Language = .http1, tls: NIOSSLContext? = nil,
  script: @escaping TestServer.Script = { _ in .answer() },
  body: (TestServer) async throws -> Void
) async throws {
  let server = TestServer(language, tls: tls, script: script)
  try await server.listen()
  do { try await body(server) } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}
