import RelayCore
import RelayTestSupport
import RelayThreads
import Testing

@testable import RelaySQLite

/// Which values runs list, once small ones have become a large one.
struct RunNameTests {
  private static let shape = RunShape(smallBits: 12, largeBits: 13)

  private func small(_ number: Int64, companies: Range<Int>, channel: String) -> EncodedRun {
    let id = RunID(.small, number)
    var builder = RunBuilder(id, Self.shape)
    let row = id.rows(Self.shape).lowerBound
    for company in companies {
      Array("\(company)".utf8).withUnsafeBufferPointer {
        builder.add(.company, $0, row: row + Int64(company - companies.lowerBound))
      }
    }
    Array(channel.utf8).withUnsafeBufferPointer { builder.add(.channel, $0, row: row) }
    return builder.finish()
  }

  private func merged(_ runs: EncodedRun...) throws -> RunContents {
    var merge = RunMerge(RunID(.large, 0), Self.shape)
    for run in runs {
      let isWhole = merge.add(run)
      #expect(isWhole)
    }
    let encoded = try #require(merge.finish())
    return try #require(RunContents(encoded.pages[0]))
  }

  @Test func aLargeOneListsTheValuesOfItsSmallOnesEachOnce() throws {
    let contents = try merged(
      small(0, companies: 0..<1_200, channel: "a"), small(1, companies: 800..<2_000, channel: "A"))
    #expect(contents.names(of: .company)?.count == 2_000)
    #expect(contents.names(of: .channel) == [Array("a".utf8)])
  }

  @Test func aLargeOneListsNoKindOfWhichItHasTooManyValues() throws {
    let contents = try merged(
      small(0, companies: 0..<1_200, channel: "a"), small(1, companies: 1_200..<2_001, channel: "b"))
    #expect(contents.names(of: .company) == nil)
    #expect(contents.names(of: .channel)?.count == 2)
  }

  @Test(arguments: [true, false])
  func aLargeOneListsNoKindThatASmallOneDoesNot(comesFirst: Bool) throws {
    let long = small(0, companies: 0..<2_001, channel: String(repeating: "x", count: 257))
    let other = small(1, companies: 0..<1, channel: "b")
    let contents = try comesFirst ? merged(long, other) : merged(other, long)
    #expect(contents.names(of: .company) == nil && contents.names(of: .channel) == nil)
  }

  /// Whatever is wrong with it, the indexer does not stop at it for ever.
  @Test(.timeLimit(.minutes(15))) func aSmallOneThatCantBeReadIsMadeAnew() throws {
    let bench = try IndexBench(seed: 11)
    for _ in 0..<5 { try bench.addEvents() }
    let shape = bench.shape
    let source = try IndexSource(bench.bench.connection, shape)
    for number in Int64(0)..<4 {
      let run = try #require(try source.build(RunID(.small, number), unless: { false }))
      try bench.apply(IndexChange(added: run))
    }
    let whole = try #require(try source.build(RunID(.large, 0), unless: { false }))
    try bench.bench.execute(
      "UPDATE run_page SET body = x'0102' WHERE id = \(RunID(.small, 2).pages.lowerBound + 1)")
    let changes = Monitor<[(IndexChange, @Sendable (StoreError?) -> Void)]>([])
    let indexer = EventIndexer(shape)
    let path = bench.bench.path
    indexer.start { () throws(StoreError) in
      try Connection(lookingInto: path, file: nil)
    } write: { change, completion in
      changes.update { $0.append((change, completion)) }
    }
    indexer.committed()
    let first = changes.wait(timeout: .seconds(60), until: { $0.isEmpty ? nil : $0.removeFirst() })
    let (change, completion) = try #require(first)
    #expect(change == IndexChange(added: whole, removed: (0..<4).map { RunID(.small, $0) }))
    completion(StoreError(code: .closed, message: "the test ends"))
    indexer.end()
  }
}
