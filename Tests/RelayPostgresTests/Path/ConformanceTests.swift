import RelayPostgresSupport
import RelayTestSupport
import Testing

@Suite("Conformance", .needsPostgres, .timeLimit(.minutes(15)))
struct ConformanceTests {
  /// What needs the lookup is not among them, but for the audit and gaps.
  private static let claims =
    StoreConformance.contents + StoreConformance.claiming + StoreConformance.retries
    + StoreConformance.settlements + StoreConformance.names + StoreConformance.clocks + StoreConformance.order
    + StoreConformance.orderOfRetries + StoreConformance.runs + StoreConformance.duplicates
    + StoreConformance.arrival + StoreConformance.backlog + StoreConformance.withholding
    + StoreConformance.operation + StoreConformance.tokens + StoreConformance.gaps + StoreConformance.audit
    + StoreConformance.closing + StoreConformance.hanging + StoreConformance.reordering
    + StoreConformance.replayRoom + StoreConformance.replayRules
    + (StoreConformance.changes + StoreConformance.replays).filter { !looking.contains($0.name) }

  /// What is found out by looking into it in other ways.
  private static let looking: Set = [
    "deliveriesAreCountedByWhatBecameOfThem", "otherWordsTakeThePlaceOfAReplaysPlanAlsoWhileItIsUnderWay",
    "aReplayAndWhatItQueuedAreSeenByWhoLooks", "whatAReplayNeedsToKnowOfAnEventSaysWhereItIsAlready",
    "eventsAreFoundByWhatBecameOfTheirReplays",
  ]

  @Test(arguments: claims)
  func theStoreInPostgresConforms(_ claim: StoreClaim) async throws {
    try await claim.check(PostgresHome())
  }
}
