import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see of an event.
@Suite struct EventTextTests {
  private static let plain = Pen(usesColours: false)

  private static func event(_ report: EventReport) -> String {
    EventText.render(EventAnswer(report), now: Samples.now, pen: plain)
  }

  private static func event(_ delivery: DeliveryReport) -> String { event(Samples.event([delivery])) }

  @Test func anEventShowsTheRequestAsItWasSentAndWhatCameBack() {
    let text = Self.event(
      Samples.delivery(.dead, attempts: 1) {
        ($0.deathReason, $0.settledAt, $0.failureCount) = (.permanent, Samples.now, 1)
        var failure = Samples.failure(1, status: 422, answer: "no")
        (failure.peer, failure.firstByte) = (PeerAddress(.v4(0xC000_0207), port: 443), .milliseconds(11))
        failure.evidence = AttemptEvidence(
          requestHeaders: Array("Host: crm".utf8), answerHeaders: Array("Server: x\u{1B}[2J".utf8))
        $0.failures = [failure]
      })
    #expect(text.contains("status 422, after 12 ms (first byte 11 ms), of 192.0.2.7:443"), "\(text)")
    #expect(text.contains("  the last request:\n    Host: crm\n"), "\(text)")
    #expect(text.contains("  the last answer's headers:\n    Server: x\u{FFFD}[2J\n"), "\(text)")
  }

  // MARK: Why did crm not get this event?

  @Test func becauseNoRouteMatched() {
    let text = Self.event(Samples.event(routes: []))
    #expect(
      text == """
        receivedAllMessage  \(Samples.eventID)
          received 2026-01-02T03:00:53.678Z (3m12s ago) from huggy
          company 15691, channel whatsapp, chat -
          no route matched it (configuration 0123456789ab): it went nowhere
        What each route says of it: huggy-relay explain \(Samples.eventID)
        """)
  }

  @Test func becauseOnlyAPersonSentItOn() {
    let delivery = Samples.delivery(.delivered, to: "bi", attempts: 1) {
      ($0.run, $0.settledAt) = (3, Samples.now)
    }
    let unrouted = Self.event(Samples.event(routes: [], [delivery]))
    #expect(
      unrouted.contains("no route matched it (configuration 0123456789ab): only a person has sent it on"))
    let dropped = Self.event(Samples.event(routes: ["internal-noise"], isDropped: true, [delivery]))
    #expect(
      dropped.contains("dropped by the route internal-noise (configuration 0123456789ab): only a person"))
    for text in [unrouted, dropped] {
      #expect(text.contains("bi (replay 3)") && !text.contains("Any other destination"))
    }
  }

  @Test func becauseARouteDroppedIt() {
    let alone = Self.event(Samples.event(routes: ["internal-noise"], isDropped: true))
    #expect(
      alone.contains("dropped by the route internal-noise (configuration 0123456789ab): it went nowhere"))
    let later = Self.event(Samples.event(routes: ["tagging", "internal-noise"], isDropped: true))
    #expect(later.contains("dropped by the route internal-noise (before it matched: tagging)"))
  }

  @Test func becauseARouteDroppedItAfterAnotherDestinationHadIt() {
    let delivery = Samples.delivery(.delivered, to: "bi", attempts: 1) { $0.settledAt = Samples.now }
    let text = Self.event(Samples.event(routes: ["to-bi", "internal-noise"], isDropped: true, [delivery]))
    #expect(text.contains("routes that matched: to-bi; then internal-noise dropped it"))
    #expect(text.contains("Any other destination did not get it: no route that matched names it."))
  }

  @Test(arguments: [
    (DeliveryWait.inFlight, "an attempt is under way"),
    (.order(DeliveryID(rawValue: 40)), "delivery 40 comes before it"),
    (.order(nil), "an earlier delivery comes before it"),
    (.retry(at: Samples.now), "the next one is at 2026-01-02T03:04:05.678Z"),
    (.paused(until: nil, at: "routes.yaml:12"), "crm is paused by routes.yaml:12"),
    (.paused(until: Samples.now, at: nil), "crm is paused until 2026-01-02T03:04:05.678Z"),
    (.paused(until: .distantFuture, at: nil), "crm is paused until somebody resumes it"),
    (.paused(until: nil, at: nil), "crm is paused until somebody resumes it"),
    (
      .circuit(openSince: Samples.time(60), lastFailure: "status 401"),
      "crm is failing since 2026-01-02T03:03:05.678Z (status 401)"
    ),
    (.held(until: Samples.now), "asked to be left alone until 2026-01-02T03:04:05.678Z (Retry-After)"),
    (.orphaned, "crm is no longer configured"), (.store, "the store can't write"),
    (.batch(until: Samples.now), "it waits for them until 2026-01-02T03:04:05.678Z at the latest"),
    (.turn, "it is its turn soon"),
  ])
  func becauseItStillWaits(wait: DeliveryWait, reason: String) {
    let text = Self.event(Samples.delivery(.retrying, attempts: 2, wait: wait))
    #expect(text.contains("crm  pending\n  not delivered after 2 attempts: "))
    #expect(text.contains(reason), "\(text)")
    let fresh = Self.event(Samples.delivery(.fresh, wait: wait))
    #expect(fresh.contains("not attempted yet: "))
  }

  @Test func becauseItIsDead() {
    let text = Self.event(
      Samples.delivery(.dead, attempts: 3) {
        ($0.deathReason, $0.settledAt, $0.failureCount) = (.permanent, Samples.time(60), 2)
        $0.failures = [
          Samples.failure(1, status: nil, error: "connect timeout: after 5s"),
          Samples.failure(3, status: 422, answer: "{\"error\":\n\"bad \u{1B}[31mphone\"}"),
        ]
      })
    #expect(
      text.contains(
        """
        crm  dead
          given up 2026-01-02T03:03:05.678Z (1m00s ago), after 3 attempts: the answer was a status that is never \
        tried again (permanent). It is kept: huggy-relay retry 41
          route whatsapp-to-crm, delivery 41
          failed 2 times:
            attempt 1 at 2026-01-02T03:01:05.678Z: connect timeout: after 5s, after 12 ms
            attempt 3 at 2026-01-02T03:01:05.678Z: status 422, after 12 ms
          the last answer: {"error":\u{FFFD}"bad \u{FFFD}[31mphone"}
        """), "\(text)")
  }

  @Test(arguments: [(DeathReason.exhausted, "max_attempts"), (.expired, "max_age")])
  func becauseALimitWasReached(reason: DeathReason, word: String) {
    #expect(Self.event(Samples.delivery(.dead) { $0.deathReason = reason }).contains("\(word) was reached"))
  }

  @Test func becauseOfManyFailuresTheFirstAndTheLastAreShown() {
    let text = Self.event(
      Samples.delivery(.retrying, attempts: 400, wait: .turn) {
        $0.failures = [Samples.failure(1, status: 500), Samples.failure(400, status: 500)]
        $0.failureCount = 400
      })
    #expect(text.contains("failed 400 times; the first and the last:"))
  }

  @Test func becauseItWasDiscarded() {
    let overflow = Self.event(Samples.delivery(.discarded) { $0.discardReason = .overflow })
    #expect(overflow.contains("discarded on arrival: crm was over its max_backlog. It was never attempted"))
    #expect(overflow.contains("huggy-relay retry --destination crm --state overflowed"))
    let person = Self.event(
      Samples.delivery(.discarded, attempts: 1) {
        ($0.discardReason, $0.settledAt) = (.person, Samples.time(5))
      })
    #expect(person.contains("discarded 2026-01-02T03:04:00.678Z (5s ago) by a person, after 1 attempt\n"))
  }

  @Test func butItDidGetIt() {
    let text = Self.event(
      Samples.delivery(.delivered, attempts: 2) {
        ($0.settledAt, $0.run) = (Samples.now, 1)
        $0.lastAttempt = DeliveryRecord.LastAttempt(
          at: Samples.now, duration: .microseconds(2_400), status: 204, error: nil)
      })
    #expect(text.contains("crm (replay 1)  delivered"))
    #expect(
      text.contains("delivered 2026-01-02T03:04:05.678Z (0s ago), on attempt 2: status 204, after 2.4 ms"))
  }
}
