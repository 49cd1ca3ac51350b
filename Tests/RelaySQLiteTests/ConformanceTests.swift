import RelayTestSupport
import Testing

@Suite(.timeLimit(.minutes(15)))
struct ConformanceTests {
  @Test(arguments: StoreConformance.claims)
  func theEmbeddedStoreConforms(_ claim: StoreClaim) async throws {
    try await claim.check(SQLiteHome())
  }
}
