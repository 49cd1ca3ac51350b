import RelayCore
import RelayStoring
import Testing

@testable import RelayPostgres

@Suite("What tells envelopes of others", .timeLimit(.minutes(15)))
struct ToldEnvelopesTests {
  private static func known(
    _ first: UInt64, at second: Int64 = 100, unstored: [UInt8] = [], trace: [UInt8]? = nil,
    isComplete: Bool = true
  ) -> KnownEnvelope {
    KnownEnvelope(
      firstEventID: EventID(high: 0x019B_7C11_0000_7000, low: first), source: 3,
      receivedAt: Timestamp(microseconds: second * 1_000_000), acceptedCount: 7, isComplete: isComplete,
      unstored: unstored, trace: trace)
  }

  private static func row(_ known: KnownEnvelope, _ hash: [UInt8]) -> AppendStatements.EnvelopeRow {
    AppendStatements.EnvelopeRow(known: known, configuration: 1, hash: hash)
  }

  private static let now = Timestamp(microseconds: 130_000_000)

  @Test func whatIsToldComesBackAsItWasAsLongAgo() throws {
    let hash = (0..<32).map { UInt8(200 + $0) }
    let all = [
      Self.known(.max), Self.known(1, at: 129, unstored: [0, 1, 255, 254], isComplete: false),
      Self.known(2, at: 140, trace: [UInt8](repeating: 9, count: 25)),
    ]
    let packed = ToldEnvelopes.packed(all.map { Self.row($0, hash) }, at: Self.now)
    let read = try #require(ToldEnvelopes.read(packed, after: .seconds(5)))
    #expect(read.map(\.hash) == [hash, hash, hash])
    #expect(read.map(\.age) == [.seconds(35), .seconds(6), .seconds(-5)])
    // By a clock that is an hour ahead.
    let there = Self.now.advanced(by: .seconds(3_605))
    let expected = all.map { known in
      var known = known
      known.receivedAt = known.receivedAt.advanced(by: .seconds(3_600))
      return known
    }
    #expect(read.map { $0.known(at: there) } == expected)
  }

  @Test func whatIsCutOffOrOfAnotherFormatIsNotUnderstood() {
    let packed = ToldEnvelopes.packed([Self.row(Self.known(1, trace: [1, 2]), [1])], at: Self.now)
    for count in 2..<packed.count {
      #expect(ToldEnvelopes.read(Array(packed[..<count]), after: .zero) == nil)
    }
    #expect(ToldEnvelopes.read([], after: .zero) == nil)
    #expect(ToldEnvelopes.read([2] + packed.dropFirst(), after: .zero) == nil)
    #expect(ToldEnvelopes.read(Array(packed[..<1]), after: .zero) == [])
  }

  @Test func whatIsTooMuchIsLeftOutAsAWhole() {
    let half = [UInt8](repeating: 0, count: ToldEnvelopes.largest / 2)
    let rows = (0..<3).map { Self.row(Self.known($0, unstored: half), [1]) }
    #expect(ToldEnvelopes.packed(Array(rows.prefix(1)), at: Self.now).count > half.count)
    #expect(ToldEnvelopes.packed(rows, at: Self.now) == [])
  }

  // MARK: In memory

  private static let key = DuplicateMap.Key([1], source: 3)

  @Test func ofTheSameBytesTheLastOnesCount() {
    let map = DuplicateMap(limit: 10)
    map.learn(Self.known(1, at: 100), for: Self.key)
    map.learn(Self.known(2, at: 200), for: Self.key)
    map.learn(Self.known(3, at: 150), for: Self.key)
    #expect(map[Self.key] == Self.known(2, at: 200))
  }

  @Test func whatAnyNodeHasStoredOfAnEnvelopeIsStored() {
    let map = DuplicateMap(limit: 10)
    map.learn(Self.known(1, at: 100, unstored: [0, 1, 0, 2, 0, 3]), for: Self.key)
    map.learn(Self.known(1, at: 170, unstored: [0, 2, 0, 3]), for: Self.key)
    map.learn(Self.known(1, at: 180, unstored: [0, 1, 0, 3]), for: Self.key)
    #expect(map[Self.key] == Self.known(1, at: 100, unstored: [0, 3]))
  }

  @Test func whatIsLearnedPushesTheOldestOut() {
    let map = DuplicateMap(limit: 2)
    let keys = (0..<3).map { DuplicateMap.Key([$0], source: 3) }
    for (place, key) in keys.enumerated() { map.learn(Self.known(UInt64(place)), for: key) }
    // Once more of the same takes no place.
    map.learn(Self.known(2), for: keys[2])
    #expect(keys.map { map[$0] != nil } == [false, true, true])
  }

  // MARK: Keys

  @Test func keysDifferByBytesSourceAndWhatCameBefore() {
    func key(_ hash: [UInt8], _ source: Int32, after previous: UInt64? = nil) -> TwinKey {
      TwinKey(
        DuplicateMap.Key(hash, source: source), after: previous.map { EventID(high: 0x019B, low: $0) })
    }
    let hash = (0..<32).map { UInt8($0) }
    let other = [UInt8](hash[..<15]) + [99] + hash[16...]
    let keys = [
      key(hash, 1), key(hash, 2), key(other, 1), key(hash, 1, after: 1), key(hash, 1, after: 2),
      key(hash, 1).next, key(hash, 1).next.next,
    ]
    #expect(Set(keys).count == keys.count)
    #expect(key(hash, 1, after: 1) == key(hash, 1, after: 1))
  }
}
