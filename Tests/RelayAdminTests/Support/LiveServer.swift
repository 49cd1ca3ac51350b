import Logging
import NIOPosix
import NIOSSL
import RelayCore
import RelayListening
import RelayPipeline

@testable import RelayAdmin

/// A running admin listener, and how to ask it.
struct LiveServer {
  let address: ListenAddress
  let server: AdminServer
  /// What it is asked by; nil: in the clear.
  var tls: TLSConfiguration?

  /// The same, asked by TLS.
  func spoken(by tls: TLSConfiguration) -> LiveServer {
    LiveServer(address: address, server: server, tls: tls)
  }

  func get(_ path: String, headers: [String] = []) async throws -> RawAnswer {
    try await send("GET", path, headers: headers)
  }

  func post(
    _ path: String, _ body: String = "{}", headers: [String] = ["Content-Type: application/json"]
  ) async throws -> RawAnswer {
    try await send("POST", path, headers: headers + ["Content-Length: \(body.utf8.count)"], body: body)
  }

  /// With the right `Host`, unless the headers have one.
  func send(_ method: String, _ path: String, headers: [String] = [], body: String = "") async throws
    -> RawAnswer
  {
    let hasHost = headers.contains { $0.lowercased().hasPrefix("host:") }
    let lines =
      ["\(method) \(path) HTTP/1.1"] + (hasHost ? [] : ["Host: \(address)"]) + headers + ["Connection: close"]
    return try await RawClient.exchange(
      lines.map { $0 + "\r\n" }.joined() + "\r\n" + body, with: address, tls: tls)
  }
}

extension AdminAccess {
  convenience init(token: String? = nil, people: [AdminToken] = [], hosts: [String] = []) {
    var settings = ServerSettings()
    (settings.adminToken, settings.adminTokens, settings.adminHosts) = (
      token.map { Secret($0) }, people, hosts
    )
    self.init(settings)
  }
}

extension AdminToken {
  /// One for each role, whose token and name are the role's.
  static let ofEachRole = Role.allCases.map {
    AdminToken(name: "the \($0.rawValue)", value: Secret($0.rawValue), role: $0)
  }
}

/// On a port that the system chooses.
func withServer(
  _ operations: FakeOperations = FakeOperations(), token: String? = nil, host: String = "127.0.0.1",
  hosts: [String] = [], certificates: ListenerCertificates = ListenerCertificates(of: .admin),
  people: [AdminToken] = [], logger: Logger = .quiet,
  requestTimeout: Duration = .seconds(30), idleTimeout: Duration = .seconds(75),
  stallTimeout: Duration = .seconds(120),
  _ body: (LiveServer) async throws -> Void
) async throws {
  let server = AdminServer(
    address: ListenAddress(host: host, port: 0),
    access: AdminAccess(token: token, people: people, hosts: hosts), certificates: certificates,
    operations: operations, clock: FixedClock(), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
    logger: logger, requestTimeout: requestTimeout,
    idleTimeout: idleTimeout, stallTimeout: stallTimeout)
  let address = try await server.start()
  do {
    try await body(LiveServer(address: address, server: server))
  } catch {
    await server.shutdown(within: .seconds(5))
    throw error
  }
  await server.shutdown(within: .seconds(5))
}

extension Logger {
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
