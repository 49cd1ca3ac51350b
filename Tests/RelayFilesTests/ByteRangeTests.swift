import Testing

@testable import RelayFiles

@Suite struct ByteRangeTests {
  @Test(
    arguments: [
      ("bytes=0-0", .part(0..<1)), ("bytes=2-4", .part(2..<5)), ("bytes=9-", .part(9..<10)),
      ("bytes=0-", .part(0..<10)),
      ("bytes=0-99", .part(0..<10)), ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)),
      ("BYTES=1-1", .part(1..<2)),
      ("bytes=10-", .unsatisfiable), ("bytes=10-12", .unsatisfiable), ("bytes=-0", .unsatisfiable),
      ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=3-99999999999999999999", .part(3..<10)),
      ("bytes=-99999999999999999999", .part(0..<10)), ("bytes=5-9223372036854775807", .part(5..<10)),
    ] as [(String, ByteRange)]) func aRangeIsThePartOfTheFileThatItNames(header: String, expected: ByteRange)
  {
    #expect(ByteRange(header, size: 10) == expected)
  }

  @Test(arguments: [
    "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=0-1,3-4", "bytes= 0-1", "bytes=0 - 1",
    "bytes=+1-2",
    "bytes=1-2-3", "bytes=--1", "items=0-1", "bytes=0x1-2", "bytes:0-1", "bytes=١-٢",
  ]) func whatIsNoSingleRangeIsAsIfNothingWereSaid(header: String) {
    #expect(ByteRange(header, size: 10) == .whole)
  }

  @Test func anEmptyFileHasNoParts() {
    #expect(ByteRange(nil, size: 0) == .whole)
    #expect(ByteRange("bytes=0-", size: 0) == .unsatisfiable)
    #expect(ByteRange("bytes=-1", size: 0) == .unsatisfiable)
  }
}
