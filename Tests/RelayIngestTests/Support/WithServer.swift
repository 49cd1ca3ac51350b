import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline

@testable import RelayIngest

/// Runs a server on a port of the system's choice for as long as `body` takes; then its event loops end.
func withServer(
  _ receiver: any EnvelopeReceiver,
  group: MultiThreadedEventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 2),
  certificates: ListenerCertificates = ListenerCertificates(),
  firstRequestPatience: Duration = .seconds(1),
  _ change: (inout ServerSettings) -> Void = { _ in },
  _ body: (IngestServer, ListenAddress) async throws -> Void
) async throws {
  var settings = ServerSettings()
  settings.listen = ListenAddress(host: "127.0.0.1", port: 0)
  change(&settings)
  let server = IngestServer(
    settings: settings, receiver: receiver,
    eventLoopGroup: group, certificates: certificates, firstRequestPatience: firstRequestPatience)
  do {
    try await body(server, server.start())
  } catch {
    await server.shutdown(drain: .zero)
    try? await group.shutdownGracefully()
    throw error
  }
  await server.shutdown(drain: .zero)
  try await group.shutdownGracefully()
}
