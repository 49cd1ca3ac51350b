import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline
import RelayThreads

/// The admin listener: Hummingbird behind a gate that lets only whole, admitted requests of bounded size
/// through.
///
/// Its memory is bounded by its connections, 128, with at most 1 MiB of body each.
package final class AdminServer: Sendable {
  private typealias HTTPServer = Server<AdminChannel>

  private struct Listener {
    let server: HTTPServer
    let channel: AdminChannel
    let running: Task<Void, any Error>
  }

  private let address: ListenAddress
  private let access: AdminAccess
  private let certificates: ListenerCertificates
  private let handshakes: HandshakeLog
  private let api: AdminAPI
  private let clock: any WallClock
  private let eventLoopGroup: any EventLoopGroup
  private let requestTimeout: Duration
  private let idleTimeout: Duration
  private let stallTimeout: Duration
  private let sockets = ListeningSockets<Listener>(key: "server.admin")
  private static let maxConnections = 128

  /// - Parameters:
  ///   - address: `server.admin`. Port 0: the system chooses.
  ///   - access: Who may use it; where nobody has a token: everybody who can reach it.
  ///   - certificates: What it speaks TLS with (`server.admin_tls`).
  ///   - stallTimeout: How long a client may take nothing of its answer.
  package init(
    address: ListenAddress, access: AdminAccess,
    certificates: ListenerCertificates = ListenerCertificates(of: .admin),
    operations: any RelayOperations, clock: any WallClock, eventLoopGroup: any EventLoopGroup, logger: Logger,
    requestTimeout: Duration = .seconds(30), idleTimeout: Duration = .seconds(75),
    stallTimeout: Duration = .seconds(120)
  ) {
    self.address = address
    self.access = access
    self.certificates = certificates
    handshakes = HandshakeLog(logger: logger, clock: clock)
    self.clock = clock
    api = AdminAPI(operations: operations, access: access, clock: clock, logger: logger)
    self.eventLoopGroup = eventLoopGroup
    self.requestTimeout = requestTimeout
    self.idleTimeout = idleTimeout
    self.stallTimeout = stallTimeout
  }

  /// Listens, on `localhost` at both its addresses; returns the address with the port that the system gave.
  package func start() async throws(ListenError) -> ListenAddress {
    try await sockets.start(at: address, bind: listen, close: Self.stop)
  }

  /// Stops accepting, lets requests in flight finish for at most `limit`, then closes what is left. May be
  /// called again. What an operation does that was asked for goes on behind a connection that was closed.
  package func shutdown(within limit: Duration) async {
    let listeners = sockets.shutDown()
    guard !listeners.isEmpty else { return }
    await api.endStreams()
    // Whichever comes first; the other must not be waited for.
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    Task {
      await Self.stop(listeners)
      end.finish()
    }
    let timer = Task {
      try? await Task.sleep(for: limit)
      end.finish()
    }
    for await _ in ends {}
    timer.cancel()
    for listener in listeners { listener.running.cancel() }
  }

  private func listen(on place: ListenAddress) async throws -> (socket: Listener, port: Int) {
    let (starts, start) = AsyncStream.makeStream(of: Result<ListenAddress, any Error>.self)
    // Where the socket is, once that is known.
    let bound = Locked<ListenAddress?>(nil)
    let channel = makeChannel(bound: bound)
    let server = makeServer(on: place, channel) { channel in
      let local = channel.localAddress
      let listens = ListenAddress(host: local?.ipAddress ?? place.host, port: local?.port ?? place.port)
      bound.withLock { $0 = listens }
      start.yield(.success(listens))
    }
    let running = Task {
      do {
        try await server.run()
      } catch {
        start.yield(.failure(error))
        throw error
      }
    }
    var results = starts.makeAsyncIterator()
    guard let result = await results.next() else {
      running.cancel()
      throw CancellationError()
    }
    return (Listener(server: server, channel: channel, running: running), try result.get().port)
  }

  private static func stop(_ listeners: [Listener]) async {
    for listener in listeners {
      try? await listener.server.shutdownGracefully()
      _ = await listener.running.result
      await listener.channel.waitForClosings()
    }
  }

  private func makeServer(
    on place: ListenAddress, _ channel: AdminChannel,
    onRunning: @escaping @Sendable (any Channel) async -> Void
  ) -> HTTPServer {
    let silent = Logger(label: "admin") { _ in SwiftLogNoOpLogHandler() }
    return HTTPServer(
      childChannelSetup: channel,
      configuration: ServerConfiguration(
        address: .hostname(place.host, port: place.port),
        availableConnectionsDelegate: MaximumAvailableConnections(Self.maxConnections, logger: silent)),
      onServerRunning: onRunning, eventLoopGroup: eventLoopGroup, logger: silent)
  }

  private func makeChannel(bound: Locked<ListenAddress?>) -> AdminChannel {
    AdminChannel(
      plain: makeHTTP(bound: bound, isByTLS: false), secured: makeHTTP(bound: bound, isByTLS: true),
      certificates: certificates, handshakes: handshakes)
  }

  private func makeHTTP(bound: Locked<ListenAddress?>, isByTLS: Bool) -> HTTP1Channel {
    let (timeout, stallTimeout) = (TimeAmount(requestTimeout), TimeAmount(stallTimeout))
    return HTTP1Channel(
      responder: { [self] request, writer, channel in
        let response = await respond(
          to: request, admission(bound: bound.withLock { $0 }, isByTLS: isByTLS))
        if case .pieces(let pieces) = response.body {
          channel.closeFuture.whenComplete { _ in pieces.onEnd() }
        }
        try await writer.write(response: response.head, body: response.body(of: request))
      },
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [
          RequestGate(
            admission: self.admission(bound: bound.withLock { $0 }, isByTLS: isByTLS),
            requestTimeout: timeout, stallTimeout: stallTimeout)
        ],
        idleTimeout: TimeAmount(idleTimeout)))
  }

  private func admission(bound: ListenAddress?, isByTLS: Bool) -> Admission {
    Admission(configured: address, bound: bound, isByTLS: isByTLS, access: access, clock: clock)
  }

  private func respond(to request: Request, _ admission: Admission) async -> AdminResponse {
    let head = RequestHead(request.head)
    // The gate has let it through; who asks, and for what, is found once more.
    switch admission.admit(head) {
    case .failure(let error): return AdminResponse(error)
    case .success(let admitted):
      guard let body = try? await request.body.collect(upTo: admitted.endpoint.maxBodyBytes) else {
        return AdminResponse(APIError(400, "bad_request", "this request broke off"))
      }
      return await api.answer(
        admitted.endpoint,
        AdminRequest(
          caller: admitted.caller, names: admitted.names, query: head.query,
          body: Array(body.readableBytesView), accept: head.accept, lastEventID: head.lastEventID,
          ifNoneMatch: head.ifNoneMatch, renewal: admitted.renewal, isFromTLS: admission.isFromTLS(head),
          isStillAllowed: { (try? admission.admit(head).get())?.caller == admitted.caller }))
    }
  }
}

extension AdminResponse {
  fileprivate func body(of request: Request) -> ResponseBody {
    if request.method == .head { return ResponseBody() }
    return switch body {
    case .whole(let bytes): ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
    case .pieces(let pieces): ResponseBody(pieces)
    }
  }
}

extension ResponseBody {
  /// Asked for piece by piece, no faster than the client takes them.
  fileprivate init(_ pieces: AnswerPieces) {
    self.init(contentLength: pieces.length) { writer in
      var iterator = pieces.iterate()
      while let piece = try await iterator.next() { try await writer.write(piece) }
      try await writer.finish(nil)
    }
  }
}
