import RelayCore

extension RelayController {
  /// nil: nobody is told anything.
  package var notices: Notices? { noticeDesk.withLock { $0 } }

  func makeNotices(_ tools: Notices.Tools, _ active: ActiveConfiguration) -> Notices {
    let certificates = CertificateWatch(prober: parts.prober, clock: parts.clock)
    return Notices(
      Notices.Parts(
        tools: tools, active: active, clock: parts.clock, metrics: parts.metrics, logger: parts.logger,
        look: { [weak self] wantsCertificates in
          guard var facts = await self?.noticeFacts() else { return nil }
          if wantsCertificates {
            let states = certificates.states(of: active.configuration.destinations)
            facts.states.merge(states) { state, _ in state }
          }
          return facts
        },
        isReady: { [weak self] in await self?.readiness == .ready }))
  }

  /// Once it drains, the lanes end, and say nothing more of their destinations.
  private func noticeFacts() async -> NoticeFacts? {
    isDraining.withLock { $0 } ? nil : await statusReader.noticeFacts()
  }

  package func testNotice(to receiver: String) async throws(OperationError) -> NoticeTestReport {
    guard let notices else {
      throw OperationError(code: .unavailable, message: "this relay tells nobody anything")
    }
    return try await notices.test(receiver)
  }
}
