import RelayJSON
import Testing

@Suite struct UTF8Tests {
  static let wellFormed: [[UInt8]] = [
    [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xE1, 0x80, 0x80], [0xEC, 0xBF, 0xBF],
    [0xED, 0x80, 0x80],
    [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80],
    [0xF1, 0x80, 0x80, 0x80],
    [0xF3, 0xBF, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
  ]

  static let illFormed: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xC2, 0xC2],
    [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE1, 0x80], [0xE1, 0x80, 0x41], [0xE1, 0x41, 0x80],
    [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
    [0xF1, 0x80, 0x80], [0xF1, 0x80, 0x80, 0x41], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
    [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
  ]

  private func document(_ bytes: [UInt8], padding: Int) -> [UInt8] {
    Array(#"{"k":""#.utf8) + [UInt8](repeating: 0x61, count: padding) + bytes + Array(#"tail of it"}"#.utf8)
  }

  @Test(arguments: wellFormed)
  func wellFormedSequencesAreAccepted(bytes: [UInt8]) {
    for padding in 0..<9 {
      #expect(scanError(document(bytes, padding: padding)) == nil)
      #expect(scanError(document(bytes + bytes + [0x20] + bytes, padding: padding)) == nil)
    }
  }

  @Test(arguments: illFormed)
  func illFormedSequencesAreRefusedAtTheirFirstByte(bytes: [UInt8]) {
    for padding in 0..<9 {
      for good in [[], [0xC3, 0xA9]] as [[UInt8]] {
        let error = scanError(document(good + bytes, padding: padding))
        #expect(error?.message == "invalid UTF-8")
        #expect(error?.offset == 6 + padding + good.count)
      }
    }
  }

  @Test func sequencesOfTwoToFourBytesAreJudgedAsSwiftDoes() {
    var misjudged: [[UInt8]] = []
    for lead in UInt8(0x80)...0xFF {
      for second in UInt8(0x78)...0xC8 {
        for text in [[lead, second], [lead, second, 0x80], [lead, second, 0x80, 0x80]] as [[UInt8]] {
          let isValid = String(validating: text, as: UTF8.self) != nil
          let isAccepted = scanError(Array(#"{"k":""#.utf8) + text + Array(#""}"#.utf8)) == nil
          if isAccepted != isValid { misjudged.append(text) }
        }
      }
    }
    #expect(misjudged.isEmpty)
  }

  @Test(arguments: wellFormed)
  func aSequenceCutOffByTheEndIsRefused(bytes: [UInt8]) {
    for length in 1..<bytes.count {
      #expect(scanError(Array(#"{"k":""#.utf8) + bytes[..<length])?.offset == 6)
    }
  }

  @Test func bytesOutsideStringsMustBeASCII() {
    for byte in UInt8(0x80)...0xFF {
      #expect(scanError([0x7B, byte, 0x7D])?.offset == 1)
      #expect(scanError([0x7B, 0x7D, byte])?.offset == 2)
    }
  }
}
