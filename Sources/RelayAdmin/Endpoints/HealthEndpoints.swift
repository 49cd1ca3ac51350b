import RelayPipeline

/// For orchestrators, load balancers and scrapers.
enum HealthEndpoints {
  static let all: [Endpoint] = [
    // They have no token.
    .get("/healthz", "The process lives.", role: nil, ignoresQuery: true) { (_: Call<Nothing>) in
      HealthAnswer("ok")
    },
    .get(
      "/readyz", "The store takes writes and can be read, and the relay is not draining.", role: nil,
      problems: [.init(503, "not_ready", "It does not take envelopes now.")], ignoresQuery: true, readiness),
    .get(
      "/metrics", "Prometheus text.", role: .metrics,
      replies: [.init(contentType: "text/plain; version=0.0.4; charset=utf-8")], ignoresQuery: true, metrics),
  ]

  private static func readiness(_ call: Call<Nothing>) async throws -> HealthAnswer {
    switch await call.relay.readiness {
    case .ready: return HealthAnswer("ready")
    case .notReady(let reason): throw APIError(503, "not_ready", reason)
    }
  }

  private static func metrics(_ call: Call<Nothing>) async throws -> AdminResponse {
    AdminResponse(
      status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: await call.relay.metrics())
  }
}

/// `GET /healthz` and `GET /readyz`.
struct HealthAnswer: Answer {
  @Field("How it is.", .words { ["ok", "ready"] }) var status: String
}

extension HealthAnswer {
  init(_ status: String) {
    self.init()
    self.status = status
  }
}
