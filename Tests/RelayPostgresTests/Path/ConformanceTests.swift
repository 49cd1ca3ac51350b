import RelayPostgresSupport
import RelayTestSupport
import Testing

@Suite("Conformance", .needsPostgres, .timeLimit(.minutes(15)))
struct ConformanceTests {
  /// What only retention does, which this store does not have yet.
  private static let keeping: Set = [
    "whatWentNowhereLosesItsBodyAndIsRoutedWithTheBytesThatComeAgain",
    "whatAReplaySendsKeepsItsBodyAndWhatHasNoneIsNotReplayed",
    "aDeadLetterIsDiscardedWhenItHasBeenDeadForItsTime",
  ]

  @Test(arguments: StoreConformance.claims.filter { !keeping.contains($0.name) })
  func theStoreInPostgresConforms(_ claim: StoreClaim) async throws {
    try await claim.check(PostgresHome())
  }

  @Test(arguments: StoreConformance.claims.filter { !keeping.contains($0.name) })
  func soDoesThatOfASecondNode(_ claim: StoreClaim) async throws { try await claim.check(SecondNodeHome()) }
}
