import RelayPostgresSupport
import RelayTestSupport
import Testing

@Suite("Conformance", .needsPostgres, .timeLimit(.minutes(15)))
struct ConformanceTests {
  @Test(arguments: StoreConformance.claims)
  func theStoreInPostgresConforms(_ claim: StoreClaim) async throws {
    try await claim.check(PostgresHome())
  }

  @Test(arguments: StoreConformance.ordering)
  func soDoesThatOfASecondNode(_ claim: StoreClaim) async throws { try await claim.check(SecondNodeHome()) }
}
