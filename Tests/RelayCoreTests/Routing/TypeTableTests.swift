import RelayTestSupport
import Testing

@testable import RelayCore

@Suite struct TypeTableTests {
  /// A dictionary says what is right.
  @Test(arguments: [0, 1, 2, 3, 40, 1_000]) func eachTypeIsFoundHoweverItIsSpelled(count: Int) {
    var random = SplitMix64(seed: UInt64(count))
    var values: [[UInt8]: Int] = [:]
    for number in 0..<count { values[Array("type\(random.below(1 << 40))".utf8)] = number }
    let table = TypeTable(values)
    for (type, value) in values {
      let text = String(decoding: type, as: UTF8.self)
      #expect(table[text] == value)
      #expect(table[text.uppercased()] == value)
      #expect(table[text + "x"] == nil)
      #expect(table[String(text.dropLast())] == values[Array(type.dropLast())])
    }
    #expect(table[""] == nil)
  }

  /// Other spellings of the same text in Unicode are other types, and so are letters beyond ASCII in another case.
  @Test func bytesAreCompared() {
    let table = TypeTable([Array("é".utf8): 1])
    #expect(table["\u{E9}"] == 1)
    #expect(table["e\u{301}"] == nil)
    #expect(table["É"] == nil)
  }
}
