import NIOCore
import NIOHTTP1
import NIOPosix
import RelayCore
import RelaySystem
import RelayThreads

/// A test receiver: an HTTP/1.1 server that reports what it gets, and answers, fails or delays as told.
///
/// Any path and any method but GET and HEAD is a request; those two get a greeting and are not reported.
/// Bodies may have 16 MiB.
package final class Sink: Sendable {
  private struct State {
    var settings: SinkSettings
    var randomness: SplitMix64
    var listener: (any Channel)?
    var connections = SinkConnections()
    /// Where it listened last, with the port that the system chose.
    var address: ListenAddress?
  }

  private let state: Locked<State>
  private let onRequest: @Sendable (SinkRequest) -> Void
  private let answerBody: @Sendable (SinkRequest) -> [UInt8]

  /// - Parameter onRequest: Called when a request is complete and before it is answered, on an event loop's
  ///   thread: must not block.
  package convenience init(settings: SinkSettings, onRequest: @escaping @Sendable (SinkRequest) -> Void) {
    self.init(settings: settings, onRequest: onRequest) {
      SinkAnswer.body(for: $0.answeredStatus, request: $0.body)
    }
  }

  /// - Parameter answerBody: What it answers with, whatever the status.
  package init(
    settings: SinkSettings, onRequest: @escaping @Sendable (SinkRequest) -> Void,
    answerBody: @escaping @Sendable (SinkRequest) -> [UInt8]
  ) {
    state = Locked(State(settings: settings, randomness: Self.randomness(settings.seed)))
    self.onRequest = onRequest
    self.answerBody = answerBody
  }

  /// Listens. After `stop` it can be started again, and then takes the same port as before.
  ///
  /// - Returns: Where it listens, with the port that the system chose if the settings say 0.
  /// - Throws: The system's error if the address can't be had.
  @discardableResult
  package func start() async throws -> ListenAddress {
    let connections = SinkConnections()
    let wanted = state.withLock { $0.address ?? $0.settings.listen }
    let listener = try await bootstrap(connections).bind(host: wanted.host, port: wanted.port).get()
    let address = ListenAddress(host: wanted.host, port: listener.localAddress?.port ?? wanted.port)
    state.withLock {
      precondition($0.listener == nil, "a sink is started once, until it is stopped")
      $0.listener = listener
      $0.connections = connections
      $0.address = address
    }
    return address
  }

  /// Changes how requests are answered from now on. A new `listen` counts from the next start, a new `seed`
  /// at once.
  package func update(_ settings: SinkSettings) {
    state.withLock {
      if settings.listen != $0.settings.listen { $0.address = nil }
      if settings.seed != $0.settings.seed { $0.randomness = Self.randomness(settings.seed) }
      $0.settings = settings
    }
  }

  /// Frees the port and drops every connection: from now on connecting is refused. Answers that wait for
  /// their delay are never sent.
  package func stop() async {
    let (listener, connections) = state.withLock { state in
      defer { state.listener = nil }
      return (state.listener, state.connections)
    }
    guard let listener else { return }
    try? await listener.close().get()
    await connections.closeAll()
  }

  private func bootstrap(_ connections: SinkConnections) -> ServerBootstrap {
    ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        guard connections.add(channel) else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline()
          try pipeline.addHandler(SinkHandler { self.answer($0, body: $1) })
        }
      }
  }

  /// Reports a request and says what to send back.
  private func answer(_ head: HTTPRequestHead, body: [UInt8]) -> SinkAnswer {
    if head.method == .GET || head.method == .HEAD { return .greeting }
    let (settings, status) = state.withLock {
      ($0.settings, $0.settings.answeredStatus(using: &$0.randomness))
    }
    let request = SinkRequest(head, body: body, answeredStatus: status, verifier: settings.verifier)
    onRequest(request)
    return SinkAnswer(status: status, body: answerBody(request), delay: settings.delay)
  }

  private static func randomness(_ seed: UInt64?) -> SplitMix64 {
    SplitMix64(seed: seed ?? .random(in: .min ... .max))
  }
}

/// The connections that one listener has accepted, to be closed with it.
final class SinkConnections: Sendable {
  private struct State {
    var isOpen = true
    var channels: [ObjectIdentifier: any Channel] = [:]
  }

  private let state = Locked(State())

  /// - Returns: False if the listener has stopped meanwhile: the connection came too late.
  func add(_ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel)
    let isOpen = state.withLock { state in
      if state.isOpen { state.channels[key] = channel }
      return state.isOpen
    }
    guard isOpen else { return false }
    channel.closeFuture.whenComplete { [weak self] _ in
      self?.state.withLock { $0.channels[key] = nil }
    }
    return true
  }

  func closeAll() async {
    let channels = state.withLock { state in
      state.isOpen = false
      return Array(state.channels.values)
    }
    for channel in channels {
      channel.close(promise: nil)
      // Closing fails only where the peer was quicker: closed it is either way.
      try? await channel.closeFuture.get()
    }
  }
}
