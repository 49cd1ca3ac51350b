import RelayTestSupport
import RelayCore
import Testing

@Suite struct EventIDTests {
  @Test func itIsWrittenAsAUUIDWithAPrefix() {
    let id = EventID(high: 0x0123_4567_89AB_7CDE, low: 0x8FED_CBA9_8765_4321)
    #expect(id.description == "evt_01234567-89ab-7cde-8fed-cba987654321")
    #expect(id.milliseconds == 0x0123_4567_89AB)
  }

  @Test func whatIsWrittenIsReadBack() {
    var random = SplitMix64(seed: 3)
    let ends = [EventID(high: 0, low: 0), EventID(high: .max, low: .max)]
    for id in ends + (0..<500).map({ _ in EventID(high: random.next(), low: random.next()) }) {
      #expect(EventID(id.description) == id)
    }
    #expect(
      EventID("evt_01234567-89AB-7CDE-8FED-CBA987654321")
        == EventID(high: 0x0123_4567_89AB_7CDE, low: 0x8FED_CBA9_8765_4321))
  }

  @Test(arguments: [
    "", "evt_", "01234567-89ab-7cde-8fed-cba987654321", "EVT_01234567-89ab-7cde-8fed-cba987654321",
    "evt_0123456789ab7cde8fedcba987654321", "evt_01234567-89ab-7cde-8fed-cba98765432",
    "evt_01234567-89ab-7cde-8fed-cba9876543211", "evt_01234567-89ab-7cde-8fed-cba98765432g",
    "evt_01234567-89ab-7cde-8fedc-ba987654321", "evt_01234567-89ab-7cde-8fed_cba987654321",
    " evt_01234567-89ab-7cde-8fed-cba987654321", "evt_01234567-89ab-7cde-8fed-cba98765432é",
  ])
  func anythingElseIsNoID(text: String) {
    #expect(EventID(text) == nil)
  }

  @Test func idsOfAnEnvelopeCountUp() {
    let first = EventID(high: 7, low: 0x8000_0000_0000_00FF)
    #expect(first.advanced(by: 0) == first)
    #expect(first.advanced(by: 1) == EventID(high: 7, low: 0x8000_0000_0000_0100))
    #expect(first < first.advanced(by: 1))
    #expect(first.advanced(by: 9_999) < EventID(high: 8, low: 0))
  }
}

@Suite struct EventIDGeneratorTests {
  private func time(_ milliseconds: Int64) -> Timestamp {
    Timestamp(microseconds: milliseconds * 1_000 + 999)
  }

  @Test func anIDIsAUUIDv7OfItsMillisecond() {
    var generator = EventIDGenerator(randomness: SplitMix64(seed: 1))
    for step in 0..<300 as Range<Int64> {
      let milliseconds = 1_767_225_600_000 + step / 3
      let id = generator.next(count: 10_000, at: time(milliseconds))
      #expect(id.milliseconds == milliseconds)
      #expect(id.high >> 12 & 0xF == 7, "the version")
      #expect(id.low >> 62 == 0b10, "the variant")
      #expect(id.advanced(by: 9_999).low >> 62 == 0b10)
    }
  }

  @Test func aMillisecondBeginsWithRoomToCount() {
    var generator = EventIDGenerator(randomness: Ones())
    #expect(
      generator.next(count: 1, at: time(5)) == EventID(high: 5 << 16 | 0x7FFF, low: 0x9FFF_FFFF_FFFF_FFFF))
  }

  @Test func idsRiseAndNeverOverlapWhateverTheClockDoes() {
    var random = SplitMix64(seed: 9)
    var generator = EventIDGenerator(randomness: SplitMix64(seed: 2))
    var end = EventID(high: 0, low: 0)
    var clock: Int64 = 1_000_000
    for _ in 0..<5_000 {
      clock += Int64(random.below(5)) - 2
      let count = random.pick([0, 1, 1, 2, 10_000])
      let first = generator.next(count: count, at: time(clock))
      #expect(first > end)
      #expect(first.milliseconds >= clock)
      #expect(first.low >> 62 == 0b10 && first.high >> 12 & 0xF == 7)
      end = first.advanced(by: max(0, count - 1))
    }
  }

  @Test func idsOfOneMillisecondCantBeGuessedFromOneAnother() {
    var generator = EventIDGenerator(randomness: SplitMix64(seed: 4))
    let ids = (0..<100).map { _ in generator.next(count: 1, at: time(1)) }
    let steps = zip(ids, ids.dropFirst()).map { $1.low - $0.low }
    #expect(Set(steps).count > 90)
    #expect(steps.allSatisfy { (1...0x1_0000).contains($0) })
  }

  @Test func aClockBefore1970CountsAs1970() {
    var generator = EventIDGenerator(randomness: SplitMix64(seed: 4))
    #expect(generator.next(count: 1, at: Timestamp(microseconds: -5_000_000)).milliseconds == 0)
  }
}

/// The greatest random number, every time.
private struct Ones: RandomNumberGenerator {
  func next() -> UInt64 { .max }
}
