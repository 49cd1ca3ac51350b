import RelayCore
import RelayStoring
import RelayTestSupport
import Testing

@testable import RelayPostgres

@Suite("Values of the path", .timeLimit(.minutes(15)))
struct PathValueTests {
  @Test(arguments: ["", "a", "\u{0}", "\u{1}", "a\u{0}\u{1}0\u{0}1", "é\u{0}💬", "\u{1}0"])
  func aTextComesBackAndHoldsNoZero(_ text: String) {
    let written = StoredText.written(text)
    #expect(!written.utf8.contains(0))
    #expect(Array(StoredText.read(written).utf8) == Array(text.utf8))
  }

  @Test func noTwoTextsAreWrittenAlike() {
    let texts = ["\u{0}", "\u{1}", "\u{1}0", "\u{0}0", "\u{1}\u{0}", "0", ""]
    #expect(Set(texts.map(StoredText.written)).count == texts.count)
  }

  @Test func theTailIsListedInStepsOnceItIsTooLong() {
    var tail = UnlistedTail(first: DeliveryID(rawValue: 5))
    let steps = UnlistedTail.length / UnlistedTail.step + 1
    for step in 0..<steps {
      tail.came(UnlistedTail.step, from: DeliveryID(rawValue: Int64(100 + step)))
      #expect(tail.nextEnd == nil)
    }
    tail.came(1, from: DeliveryID(rawValue: 900))
    #expect(tail.nextEnd == DeliveryID(rawValue: 101))
    tail.listed(to: DeliveryID(rawValue: 101))
    #expect(tail.first == DeliveryID(rawValue: 101) && tail.nextEnd == nil)
  }

  @Test func aTailThatBeginsAnewHasNoSteps() {
    var tail = UnlistedTail(first: DeliveryID(rawValue: 5))
    for step in 0..<10 as Range<Int64> {
      tail.came(UnlistedTail.step, from: DeliveryID(rawValue: 100 + step))
    }
    tail.listed(to: DeliveryID(rawValue: 500))
    #expect(tail.first == DeliveryID(rawValue: 500) && tail.nextEnd == nil)
    tail.listed(to: DeliveryID(rawValue: 400))
    #expect(tail.first == DeliveryID(rawValue: 500), "it never goes back")
  }

  @Test func smallCommitsShareAStepOfTheTail() {
    var tail = UnlistedTail(first: DeliveryID(rawValue: 0))
    for id in 0..<10_000 as Range<Int64> { tail.came(3, from: DeliveryID(rawValue: id)) }
    #expect(tail.nextEnd == nil)
    for id in 10_000..<12_000 as Range<Int64> { tail.came(3, from: DeliveryID(rawValue: id)) }
    #expect(tail.nextEnd == DeliveryID(rawValue: 683))
  }

  @Test func whatFailsAndIsSettledInOneCommitIsInTwoWaves() {
    var places = WavePlaces()
    let entry = Self.entry(key: nil)
    #expect(places.wave(of: Self.settlement(1, .retry(at: .epoch)), entry, isClaimed: true) == 0)
    #expect(places.pendingAgain(DeliveryID(rawValue: 1)) != nil)
    #expect(places.wave(of: Self.settlement(1, .delivered), entry, isClaimed: false) == 1)
    #expect(places.isSettled(DeliveryID(rawValue: 1)) && places.pendingAgain(DeliveryID(rawValue: 1)) == nil)
  }

  @Test func ofOneKeyWhatALaneHoldsIsInOneWaveAndWhatNobodyHoldsInTheNext() {
    var places = WavePlaces()
    let entry = Self.entry(key: "a")
    #expect(places.wave(of: Self.settlement(1, .delivered), entry, isClaimed: true) == 0)
    #expect(places.wave(of: Self.settlement(2, .delivered), entry, isClaimed: true) == 0)
    #expect(places.wave(of: Self.settlement(3, .delivered), entry, isClaimed: false) == 1)
    #expect(places.wave(of: Self.settlement(4, .delivered), Self.entry(key: "b"), isClaimed: false) == 0)
  }

  @Test func aCommitThatFailsLeavesWhatIsKnownOfEnvelopesAsItWas() {
    let map = DuplicateMap(limit: 2)
    func key(_ byte: UInt8) -> DuplicateMap.Key { DuplicateMap.Key([byte], source: 1) }
    func known(_ count: Int) -> KnownEnvelope {
      KnownEnvelope(
        firstEventID: EventID(high: 0, low: 0), source: 1, receivedAt: .epoch, acceptedCount: count,
        isComplete: true)
    }
    map.insert(known(1), for: key(1))
    map.commit()
    map.insert(known(2), for: key(1))
    map.replace(known(3), for: key(1))
    map.insert(known(4), for: key(2))
    #expect(map[key(1)] == known(3) && map[key(2)] == known(4))
    map.rollback()
    #expect(map[key(1)] == known(1) && map[key(2)] == nil)
    for byte in [2, 3] as [UInt8] { map.insert(known(1), for: key(byte)) }
    map.commit()
    #expect(map[key(1)] == nil && map[key(2)] != nil && map[key(3)] != nil)
  }

  private static func entry(key: String?) -> ClaimTable.Entry {
    ClaimTable.Entry(
      destination: DestinationRowID(rawValue: 1), bytes: 1, received: .epoch, orderKey: key, isFresh: true)
  }

  private static func settlement(_ id: Int64, _ outcome: Settlement.Outcome) -> Settlement {
    Settlement(
      delivery: DeliveryID(rawValue: id), attempts: 1,
      attempt: AttemptResult(
        startedAt: .epoch, duration: .zero, response: .status(200, body: [], retryAfter: nil)),
      outcome: outcome)
  }
}
