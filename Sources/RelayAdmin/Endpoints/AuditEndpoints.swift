import RelayCore
import RelayPipeline

/// Who did what.
enum AuditEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/audit",
      "Who changed what, and who saw, searched or took away contents of events. Kept for 400 days. An operator is shown what operators "
        + "may change.",
      role: .operator
    ) { (call: Call<AuditInput>) in
      var filter = try call.input.filter(now: call.now)
      if call.caller.role < .admin { filter.kinds = operatorsChanges }
      return AuditAnswer(
        try await call.relay.audit(
          filter, after: try call.input.page.cursor().map { AuditID(rawValue: $0) },
          limit: call.input.page.size))
    }
  ]

  /// Who saw which contents is for admins alone, and so is what only they may do.
  private static let operatorsChanges = Set(
    EndpointTable.relay.endpoints.filter { $0.audit == .change && $0.role == .operator }.map(\.path.action))
}
