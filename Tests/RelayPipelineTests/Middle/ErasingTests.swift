import RelayCore
import Testing

@testable import RelayPipeline

/// Tests that erase, on a relay that works.
protocol ErasingTests {}

extension ErasingTests {
  func person(_ number: Int) -> ErasureRequest {
    ErasureRequest(conditions: [BodyCondition("customer.mobile=\(number)")!])
  }

  func receive(
    _ middle: Middle, _ type: String = "createdChat", mobile: Int, number: Int = 1
  ) async -> Int {
    // None is a redelivery of another.
    let body = #"{"messages":{"\#(type)":[{"customer":{"mobile":"\#(mobile)"},"id":\#(number)}]}}"#
    let reply = await middle.post(body).value
    await middle.rest()
    return reply.status
  }

  /// Begins it, and takes turns until it has come to its end.
  func carryOut(
    _ middle: Middle, _ request: ErasureRequest, audit: AuditID? = nil
  ) async throws -> ErasureReport {
    let id = try await middle.controller.erase(request, audit: audit).id
    return try await end(middle, id)
  }

  func end(_ middle: Middle, _ id: String) async throws -> ErasureReport {
    let report = try await middle.during { [controller = middle.controller] in
      while controller.erasure(id)?.state == .running { await Task.yield() }
      return controller.erasure(id)
    }
    await middle.rest()
    return try #require(report)
  }

  @discardableResult
  func audited(_ middle: Middle, _ target: String, reason: String?) async throws -> AuditID {
    let entry = AuditEntry(
      at: .second(0), who: "ana", role: "reader", what: "events", target: target, reason: reason)
    return try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.beginAudit(entry)
    }
  }

  func audit(_ middle: Middle) async throws -> [AuditRecord] {
    try await RelayPipelineTests.carryOut(middle) { controller async throws(OperationError) in
      try await controller.audit(AuditFilter(), after: nil, limit: 10).records
    }
  }
}
