import RelayCore
import RelayCurl
import RelayThreads
import RelayTools

/// One request by a client of its own.
@Sendable func request(
  _ method: String = "POST", to address: ListenAddress, path: String = "/hook", headers: [String] = [],
  body: [UInt8]? = [], timeout: Duration = .seconds(60)
) async -> Result<BlockingResponse, TransportFailure> {
  await onThread {
    do throws(TransportFailure) {
      return .success(
        try BlockingClient().send(
          method: method, url: "http://\(address)\(path)", headers: headers, body: body, timeout: timeout))
    } catch {
      return .failure(error)
    }
  }
}

/// What a sink reported, in its order.
final class Requests: Sendable {
  private let received = Locked<[SinkRequest]>([])

  var all: [SinkRequest] { received.withLock { $0 } }

  @Sendable func append(_ request: SinkRequest) {
    received.withLock { $0.append(request) }
  }
}

/// Runs a sink at a port that the system chooses, and stops it.
func withSink<Result>(
  _ settings: SinkSettings = SinkSettings(), _ body: (Sink, ListenAddress, Requests) async throws -> Result
) async throws -> Result {
  let requests = Requests()
  var settings = settings
  settings.listen.port = 0
  let sink = Sink(settings: settings, onRequest: requests.append)
  let address = try await sink.start()
  do {
    let result = try await body(sink, address, requests)
    await sink.stop()
    return result
  } catch {
    await sink.stop()
    throw error
  }
}

extension Result<BlockingResponse, TransportFailure> {
  /// nil: none came.
  var status: Int? { try? get().status }
}
