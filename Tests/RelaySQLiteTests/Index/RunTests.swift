import RelayCore
import RelayTestSupport
import Testing

@testable import RelaySQLite

/// What runs are made of.
struct RunTests {
  private static let shape = RunShape(smallBits: 5, largeBits: 8)

  @Test func rowsOfARangeAreFoundInBothDirections() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<200 {
      let start = Int64(random.below(1_000))
      let range = start..<start + Int64(1 + random.below(300))
      let rows = Set((0..<random.below(20)).map { _ in Int64.random(in: range, using: &random) })
      var bits = RowBits(range)
      for row in rows { bits.insert(row) }
      let low = Int64.random(in: range, using: &random)
      let part = low..<Int64.random(in: low...range.upperBound, using: &random)
      #expect(bits.first(in: part) == rows.filter(part.contains).min())
      #expect(bits.last(in: part) == rows.filter(part.contains).max())
      #expect(bits.count(in: part) == rows.count(where: part.contains))
      #expect(range.allSatisfy { bits.contains($0) == rows.contains($0) })
      #expect(bits.isEmpty == rows.isEmpty)
    }
  }

  /// What a run says of each term.
  private func contents(_ run: EncodedRun) throws -> [UInt64: [Int]] {
    var found: [UInt64: [Int]] = [:]
    var terms: [UInt64] = []
    for page in run.pages.dropFirst() {
      let isWhole = page.withUnsafeBufferPointer { page in
        RunPages.forEach(on: page) { term, postings in
          terms.append(term)
          return RunPages.forEachRow(in: postings, span: run.id.rows(Self.shape).count) {
            found[term, default: []].append($0)
          }
        }
      }
      #expect(isWhole)
    }
    #expect(terms == terms.sorted() && Set(terms).count == terms.count)
    let first = try #require(RunContents(run.pages[0]))
    for term in terms {
      let page = try #require(first.page(of: term))
      var bits = RowBits(run.id.rows(Self.shape))
      let isRead = run.pages[1 + page].withUnsafeBufferPointer { RunPages.add(term, on: $0, to: &bits) }
      #expect(isRead)
      #expect(found[term]!.allSatisfy { bits.contains(run.id.rows(Self.shape).lowerBound + Int64($0)) })
    }
    return found
  }

  @Test func aRunSaysOfEachTermWhichRowsHaveIt() throws {
    var random = SplitMix64(seed: 2)
    for size in [RunID.Size.small, .large] {
      let id = RunID(size, 3)
      var builder = RunBuilder(id, Self.shape)
      var expected: [UInt64: [Int]] = [:]
      for row in id.rows(Self.shape) {
        // Some terms that nearly all have, and many that few have.
        for _ in 0..<3 {
          let term = random.chance(60) ? UInt64(random.below(3)) : random.next()
          builder.add(term, row: row)
          let offset = Int(row - id.rows(Self.shape).lowerBound)
          if expected[term]?.last != offset { expected[term, default: []].append(offset) }
        }
      }
      var found = try contents(builder.finish())
      for term in found.keys { found[term] = Array(Set(found[term]!)).sorted() }
      #expect(found == expected)
    }
  }

  @Test func smallRunsMakeTheLargeOneThatTheirRowsWouldMake() throws {
    var random = SplitMix64(seed: 3)
    let large = RunID(.large, 2)
    var whole = RunBuilder(large, Self.shape)
    var merge = RunMerge(large, Self.shape)
    // The fourth is missing: its events have gone.
    for part in 0..<8 where part != 3 {
      let small = RunID(.small, 16 + Int64(part))
      var builder = RunBuilder(small, Self.shape)
      for row in small.rows(Self.shape) where random.chance(80) {
        let chat = random.next() % 20
        let name = Array("Type\(random.below(9))".utf8)
        for isWhole in [true, false] {
          let add = { (builder: inout RunBuilder) in
            builder.add(chat, row: row)
            name.withUnsafeBufferPointer { builder.add(.type, $0, row: row) }
            builder.add(.company, nil, row: row)
            builder.add(deliveries: row * 2..<row * 2 + 2, row: row)
          }
          if isWhole { add(&whole) } else { add(&builder) }
        }
      }
      let isWhole = merge.add(builder.finish())
      #expect(isWhole)
    }
    #expect(merge.finish() == whole.finish())
  }

  @Test func whatIsNoRunIsNotReadAsOne() {
    #expect(RunContents([]) == nil)
    #expect(RunContents([9, 0, 0, 1, 1, 1]) == nil)
    let bytes = RunContents(pageStarts: [1, 2], deliveries: [4..<9], names: [[[1, 2]], nil, []]).bytes
    #expect(RunContents(bytes)?.deliveries == [4..<9])
    for length in 0..<bytes.count { #expect(RunContents(Array(bytes.prefix(length))) == nil) }
    #expect(RunContents(bytes + [0]) == nil)
    var bits = RowBits(0..<8)
    for page: [UInt8] in [[1], [0, 0, 0, 0, 0, 0, 0, 0, 9, 0], [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 99]] {
      let isRead = page.withUnsafeBufferPointer { RunPages.add(0, on: $0, to: &bits) }
      #expect(!isRead)
    }
  }

  @Test func aKindWithTooManyValuesIsNotListed() throws {
    let id = RunID(.large, 0)
    var builder = RunBuilder(id, RunShape(smallBits: 12, largeBits: 13))
    for row in 0..<2_001 {
      Array("company \(row)".utf8).withUnsafeBufferPointer { builder.add(.company, $0, row: Int64(row)) }
      Array("TYPE".utf8).withUnsafeBufferPointer { builder.add(.type, $0, row: Int64(row)) }
    }
    let contents = try #require(RunContents(builder.finish().pages[0]))
    #expect(contents.names(of: .company) == nil)
    #expect(contents.names(of: .type) == [Array("type".utf8)])
    #expect(contents.names(of: .channel) == [])
  }

  /// Stored runs depend on it.
  @Test func termsAreTheSameForEver() {
    #expect(EventTerm.of(.chat, "77") == EventTerm.of(.chat, "77"))
    #expect(EventTerm.of(.type, "ClosedChat") == EventTerm.of(.type, "closedchat"))
    #expect(EventTerm.of(.chat, "A") != EventTerm.of(.chat, "a"))
    #expect(EventTerm.of(.chat, "15691") != EventTerm.of(.company, "15691"))
    #expect(EventTerm.of(.chat, "15691") == 2_525_214_434_008_636_860)
    #expect(EventTerm.absent(.channel) == 8_118_599_611_774_262_362)
    #expect(EventTerm.of(.route, row: 7) == 4_755_080_539_557_247_825)
  }
}

/// What is to be done next.
struct IndexProgressTests {
  private static let shape = RunShape(smallBits: 2, largeBits: 4)

  private func step(
    _ runs: [RunID], first: Int64?, last: Int64?, next: Int64?
  ) -> IndexProgress.Step {
    IndexProgress(runs: runs, firstRow: first, lastRow: last, shape: Self.shape).step(next: next)
  }

  private func small(_ numbers: ClosedRange<Int64>) -> [RunID] { numbers.map { RunID(.small, $0) } }

  @Test func aRunIsMadeWhenAllOfItsRowsHaveCome() {
    #expect(step([], first: nil, last: nil, next: nil) == .rest)
    #expect(step([], first: 1, last: 2, next: 1) == .rest)
    #expect(step([], first: 1, last: 3, next: 1) == .build(RunID(.small, 0)))
    #expect(step(small(0...0), first: 1, last: 6, next: 4) == .rest)
    #expect(step(small(0...0), first: 1, last: 7, next: 4) == .build(RunID(.small, 1)))
  }

  @Test func aStoreThatHasNoneBeginsWithLargeOnes() {
    #expect(step([], first: 1, last: 40, next: 1) == .build(RunID(.large, 0)))
    #expect(step([RunID(.large, 0)], first: 1, last: 40, next: 16) == .build(RunID(.large, 1)))
    #expect(step([RunID(.large, 1)], first: 1, last: 40, next: 32) == .build(RunID(.small, 8)))
    // Events before that have gone: it begins where they begin.
    #expect(step([], first: 21, last: 30, next: 21) == .build(RunID(.small, 5)))
  }

  @Test func smallOnesBecomeALargeOneWhenItsRangeIsOver() {
    #expect(step(small(0...2), first: 1, last: 15, next: 12) == .build(RunID(.small, 3)))
    #expect(step(small(0...3), first: 1, last: 15, next: nil) == .merge(RunID(.large, 0), of: small(0...3)))
    // Its range is over also where some of it is missing.
    #expect(
      step(small(1...2) + small(5...5), first: 5, last: 23, next: nil)
        == .merge(RunID(.large, 0), of: small(1...2)))
    // A crash came between the large one and the end of the small ones.
    #expect(step([RunID(.large, 0)] + small(2...3), first: 1, last: 15, next: nil) == .drop(small(2...3)))
  }

  @Test func runsWhoseEventsHaveGoneGo() {
    #expect(step(small(0...2), first: 8, last: 11, next: nil) == .drop(small(0...1)))
    #expect(step(small(0...2), first: nil, last: nil, next: nil) == .drop(small(0...2)))
    #expect(step([RunID(.large, 0)], first: 15, last: 20, next: 16) == .build(RunID(.small, 4)))
  }
}
