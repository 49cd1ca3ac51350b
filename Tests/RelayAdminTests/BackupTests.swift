import NIOCore
import NIOPosix
import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// A copy of the store, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct BackupTests {
  private static let path = "/api/v1/store/backup"

  @Test func aCopyComesWholeWithItsLength() async throws {
    let copy = (0..<700_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    let operations = FakeOperations { $0.copy = copy }
    try await withServer(operations) { server in
      let answer = try await server.post(Self.path)
      #expect(answer.status == 200)
      #expect(answer.header("content-type") == "application/x-copy")
      #expect(answer.header("content-length") == "700000")
      #expect(answer.body == String(decoding: copy, as: UTF8.self))
      operations.state.withLock { $0.error = OperationError(code: .unavailable, message: "no room") }
      #expect(try await statusOnceFree(server) == 503)
    }
  }

  /// A page can have a browser load any address, or post a form there, and names no origin for it or its own.
  @Test func noPageCanHaveACopyMade() async throws {
    let operations = FakeOperations()
    try await withServer(operations) { server in
      let image = try await server.get(Self.path)
      #expect(image.status == 405)
      let form = try await server.post(Self.path, "", headers: ["Content-Type: text/plain"])
      #expect(form.status == 415)
      let crossSite = ["Content-Type: application/json", "Sec-Fetch-Site: cross-site"]
      let other = try await server.post(Self.path, headers: crossSite)
      #expect(other.status == 403)
    }
    #expect(operations.calls.isEmpty)
  }

  @Test func whileOneIsBeingFetchedThereIsNoOther() async throws {
    let operations = FakeOperations { $0.copy = Self.largeCopy }
    try await withServer(operations, stallTimeout: .seconds(3600)) { server in
      let client = try await clientThatTakesNothing(of: server)
      await operations.tally.reach(1)
      let other = try await server.post(Self.path)
      #expect(other.status == 409)
      #expect(other.body.prefix(200).contains("\"code\":\"backup_in_progress\""))
      #expect(operations.calls == [.backup])
      operations.state.withLock { $0.copy = [0x62] }
      try await client.close()
      #expect(try await statusOnceFree(server) == 200)
    }
  }

  @Test func whoTakesNothingOfACopyLosesIt() async throws {
    let operations = FakeOperations { $0.copy = Self.largeCopy }
    try await withServer(operations, stallTimeout: .milliseconds(50)) { server in
      let client = try await clientThatTakesNothing(of: server)
      await operations.tally.reach(1)
      operations.state.withLock { $0.copy = [0x62] }
      #expect(try await statusOnceFree(server) == 200)
      try await client.close()
    }
  }

  /// Larger than what two sockets hold.
  private static let largeCopy = [UInt8](repeating: 0x61, count: 64 << 20)

  private func clientThatTakesNothing(of server: LiveServer) async throws -> any Channel {
    let client = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: false)
      .connect(host: server.address.host, port: server.address.port).get()
    let request =
      "POST \(Self.path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    try await client.writeAndFlush(ByteBuffer(string: request))
    return client
  }

  /// The server lets go of a copy a moment after its last byte.
  private func statusOnceFree(_ server: LiveServer) async throws -> Int? {
    while true {
      try Task.checkCancellation()
      let status = try await server.post(Self.path).status
      if status != 409 { return status }
    }
  }
}
