import RelayCore
import Testing

@testable import RelayPipeline

/// What a series file looks like, and what is made of one that is not as it should be.
@Suite struct SeriesFormatTests {
  /// Two samples ten seconds apart, and their five minutes, with odd names and all that may be unknown.
  private static let book: SeriesBook = {
    let names = ["crm", "größe", String(repeating: "n", count: 300)]
    var run = SeriesRun(.of().configured(names))
    var reading = SeriesReading.of(attempts: 4, failed: 1, delivered: 3, pending: nil, accepted: 2)
      .configured(names)
    run.next(reading)
    reading.storeBytes = 7_000_000_000
    reading.destinations["crm"]?.oldestPending = .milliseconds(1_550)
    run.next(reading)
    return run.book
  }()

  private let format = SeriesFormat(book.names)
  private let bytes = SeriesFormat(book.names).bytes(book.kept)

  @Test func whatWasWrittenIsRead() throws {
    #expect(bytes.count == format.fileLength)
    let read = try #require(SeriesFormat.read(bytes))
    #expect(read.names == Self.book.names)
    #expect(read.samples(.tenSeconds).count == 2)
    for step in SeriesStep.allCases {
      #expect(
        read.samples(step).sorted { $0.number < $1.number }
          == Self.book.kept.samples(step).sorted { $0.number < $1.number })
    }
  }

  @Test func oneThatIsWrittenInPlaceIsOneOfTheWhole() {
    var bytes = format.bytes(KeptSeries(names: Self.book.names))
    for step in SeriesStep.allCases {
      for sample in Self.book.kept.samples(step) {
        let offset = format.offset(of: sample.number, step)
        bytes.replaceSubrange(offset..<offset + format.sampleLength, with: format.bytes(sample, step))
      }
    }
    #expect(bytes == self.bytes)
  }

  /// A write that a crash has torn.
  @Test func aDamagedSampleIsTheOnlyOneThatIsLost() throws {
    let sample = try #require(Self.book.kept.samples(.tenSeconds).first)
    let offset = format.offset(of: sample.number, .tenSeconds)
    for place in 0..<format.sampleLength {
      var damaged = bytes
      damaged[offset + place] ^= 0x10
      let read = try #require(SeriesFormat.read(damaged))
      #expect(!read.samples(.tenSeconds).contains(sample), "\(place)")
      #expect(read.samples(.tenSeconds).count == 1)
      #expect(read.samples(.fiveMinutes).count == 1)
    }
  }

  /// Half of it was written: what stood behind is an older one's.
  @Test func halfAnOlderSampleIsNone() throws {
    var older = try #require(Self.book.kept.samples(.tenSeconds).first)
    older.number -= Int64(SeriesStep.tenSeconds.kept)
    let offset = format.offset(of: older.number, .tenSeconds)
    var torn = bytes
    torn.replaceSubrange(offset..<offset + 64, with: format.bytes(older, .tenSeconds).prefix(64))
    #expect(try #require(SeriesFormat.read(torn)).samples(.tenSeconds).count == 1)
  }

  @Test func aSampleThatStandsElsewhereIsNone() throws {
    let sample = try #require(Self.book.kept.samples(.tenSeconds).first)
    let from = format.offset(of: sample.number, .tenSeconds)
    let to = format.offset(of: sample.number, .fiveMinutes)
    var copied = bytes
    copied.replaceSubrange(to..<to + format.sampleLength, with: bytes[from..<from + format.sampleLength])
    let read = try #require(SeriesFormat.read(copied))
    #expect(read.samples(.fiveMinutes).allSatisfy { $0.number != sample.number })
  }

  @Test func aDamagedHeadMakesItNoFileOfOurs() {
    let length = bytes.count - SeriesStep.allCases.reduce(0) { $0 + $1.kept } * format.sampleLength
    for place in 0..<length {
      var damaged = bytes
      damaged[place] ^= 0x04
      #expect(SeriesFormat.read(damaged) == nil, "\(place)")
    }
  }

  @Test func aFileOfAnotherLengthIsNone() {
    #expect(SeriesFormat.read(Array(bytes.dropLast())) == nil)
    #expect(SeriesFormat.read(bytes + [0]) == nil)
    #expect(SeriesFormat.read([]) == nil)
    #expect(SeriesFormat.read(Array("SQLite format 3\0".utf8)) == nil)
    for count in [1, 8, 12, 16, 20, 40] { #expect(SeriesFormat.read(Array(bytes.prefix(count))) == nil) }
  }

  /// docs/decisions/0037 promises these.
  @Test func itIsAsLargeAsItsNames() {
    let few = SeriesFormat(SeriesNames(destinations: ["crm"], sources: ["huggy"]))
    #expect(few.fileLength < 200 << 10)
    let most = SeriesFormat(
      SeriesNames(
        destinations: (0..<256).map { "destination-\($0)" }, sources: (0..<64).map { "source-\($0)" }))
    #expect(most.fileLength < SeriesFormat.maxBytes)
  }
}
