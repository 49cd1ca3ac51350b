import RelayJSON
import RelayTestSupport
import Testing

@Suite struct NumberTests {
  private func written(_ number: Int) -> String {
    var output: [UInt8] = []
    JSONWriter.appendNumber(number, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [
    (0, "0"), (1, "1"), (9, "9"), (10, "10"), (100, "100"), (1_234_567_890, "1234567890"), (-1, "-1"),
    (-10, "-10"), (-907, "-907"), (Int.max, "9223372036854775807"), (Int.min, "-9223372036854775808"),
  ])
  func aNumberIsWrittenInItsDigits(number: Int, expected: String) {
    #expect(written(number) == expected)
  }

  @Test func anyNumberIsWrittenAsTheStandardLibraryWouldWriteIt() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<2_000 {
      let number = Int(truncatingIfNeeded: random.next()) >> random.below(64)
      #expect(written(number) == String(number))
    }
  }

  @Test func itIsAppendedToWhatIsThere() {
    var output = Array("[7,".utf8)
    JSONWriter.appendNumber(120, to: &output)
    output += Array(",".utf8)
    JSONWriter.appendNumber(-3, to: &output)
    #expect(String(decoding: output, as: UTF8.self) == "[7,120,-3")
  }
}
