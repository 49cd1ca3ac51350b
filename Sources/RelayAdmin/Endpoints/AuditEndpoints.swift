import RelayCore
import RelayPipeline

/// Who did what.
enum AuditEndpoints {
  static let all: [Endpoint] = [
    .get(
      "/api/v1/audit",
      "Who changed what, and who saw, searched or took away contents of events. Kept for 400 days.",
      role: .admin
    ) { (call: Call<AuditInput>) in
      AuditAnswer(
        try await call.relay.audit(
          try call.input.filter(now: call.now),
          after: try call.input.page.cursor().map { AuditID(rawValue: $0) },
          limit: call.input.page.size)
      )
    }
  ]
}
