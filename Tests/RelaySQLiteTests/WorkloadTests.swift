import Testing

/// Random work on a store and on its model, with failures and restarts: both must always agree, and the books must
/// say what the rows say.
struct WorkloadTests {
  @Test(arguments: 0..<10 as Range<UInt64>)
  func theStoreDoesWhatItsModelDoesAndHoldsNothingInTheEnd(seed: UInt64) throws {
    let workload = try Workload(seed: seed)
    for _ in 0..<150 {
      try workload.step()
      try workload.compare()
    }
    try workload.finish()
    #expect(workload.bench.claimed.isEmpty)
    #expect(workload.model.books.values.allSatisfy { $0.pending == 0 })
    try workload.compare()
  }
}
