import Logging
import NIOPosix
import RelayCore
import RelayHarness
import RelayPipeline
import RelayTestSupport
import RelayThreads

@testable import RelayFiles

/// A listener with its files, on a port of the system's choice.
struct FileDesk {
  let shelf: TestShelf
  let server: FileServer
  let clock: ManualClock
  let address: ListenAddress
  private let signer: AttachmentSigner

  /// Runs one for as long as `body` takes.
  static func with(
    _ change: (inout FileLimits) -> Void = { _ in }, _ body: (FileDesk) async throws -> Void
  ) async throws {
    var limits = FileLimits()
    change(&limits)
    let folder = try TemporaryFolder()
    let file = AttachmentKeyFile(path: folder.path + "/key")
    var random = SplitMix64(seed: 3)
    let signer = AttachmentSigner(key: try file.load(&random))
    var settings = ServerSettings()
    settings.attachmentsURL = "http://relay"
    let linker = AttachmentLinker(file: file)
    try linker.prepare(for: settings)
    let (shelf, clock) = (try TestShelf(), ManualClock(.second(1_000)))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let server = FileServer(
      linker: linker, shelf: shelf, clock: clock, eventLoopGroup: group,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, limits: limits)
    do {
      guard let address = try await server.apply(ListenAddress(host: "127.0.0.1", port: 0)) else {
        throw NotListening()
      }
      try await body(FileDesk(shelf: shelf, server: server, clock: clock, address: address, signer: signer))
    } catch {
      await server.shutdown(within: .zero)
      try? await group.shutdownGracefully()
      throw error
    }
    await server.shutdown(within: .zero)
    try await group.shutdownGracefully()
  }

  struct NotListening: Error {}

  /// A link's path and query.
  ///
  /// - Parameter ends: From now.
  func target(_ place: Int, of event: EventID = TestShelf.event, ends: Duration = .seconds(60)) -> String {
    signer.target(
      of: AttachmentLink(event: event, place: place, until: clock.now().advanced(by: ends).seconds))
  }

  /// Returns once there are as many as is wanted.
  func connections(_ isWanted: @escaping @Sendable (Int) -> Bool) async {
    await onThread { [server] in server.connections.wait(until: isWanted) }
  }

  func connect() async throws -> FileClient { try await FileClient.connect(to: address) }

  /// The answer to one request on a connection of its own.
  func answer(_ target: String, method: String = "GET", _ header: String = "x: y") async throws -> FileClient
    .Answer?
  {
    let client = try await connect()
    try await client.get(target, method: method, header)
    let answer = await client.answer(isHead: method == "HEAD")
    try? await client.close()
    return answer
  }
}
