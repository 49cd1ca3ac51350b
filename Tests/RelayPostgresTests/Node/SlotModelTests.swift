import RelayPostgresSupport
import Testing

@testable import RelayPostgres

@Suite(.needsPostgres, .timeLimit(.minutes(15)))
struct SlotModelTests {
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func eachSlotIsOneNodesWhateverHappens(seed: UInt64) throws {
    let model = SlotModel(try NodeBench(), seed: seed)
    for _ in 0..<80 { try model.step() }
  }
}
