import Logging
import RelayCore
import RelayPipeline
import RelayThreads

/// Has an endpoint answer, whatever comes of it.
struct AdminAPI: Sendable {
  private let services: AdminServices

  init(operations: any RelayOperations, access: AdminAccess, clock: any WallClock, logger: Logger) {
    services = AdminServices(relay: operations, access: access, clock: clock, logger: logger)
  }

  /// What would have no end of its own ends.
  func endStreams() async {
    await onThread(named: "end streams") { [stream = services.relay.stream] in stream.stop() }
  }

  /// - Parameter request: Admitted.
  func answer(_ endpoint: Endpoint, _ request: AdminRequest) async -> AdminResponse {
    var request = request
    if endpoint.ignoresQuery { request.query = nil }
    do {
      return try await endpoint.perform(request, services)
    } catch let error as APIError {
      return AdminResponse(error)
    } catch let error as OperationError {
      return AdminResponse(APIError(error))
    } catch {
      services.logger.error("the admin API failed", metadata: ["reason": "\(error)"])
      return AdminResponse(APIError(500, "internal_error", "this failed inside the relay; see its log"))
    }
  }
}
