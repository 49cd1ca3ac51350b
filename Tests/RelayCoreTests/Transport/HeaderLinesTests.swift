import RelayCore
import Testing

@Suite struct HeaderLinesTests {
  private func text(_ lines: HeaderLines) -> String { String(decoding: lines.bytes, as: UTF8.self) }

  @Test func noLinesAreNoBytes() {
    #expect(HeaderLines().bytes.isEmpty)
    #expect(HeaderLines(reservingCapacity: 100).lines.isEmpty)
    #expect(([] as HeaderLines) == HeaderLines())
  }

  @Test func aHeaderIsItsNameAndWhatIsWrittenAsItsValue() {
    var lines = HeaderLines()
    lines.append("webhook-id") { $0 += Array("evt_1".utf8) }
    #expect(text(lines) == "webhook-id: evt_1")
  }

  @Test func aLinesEndStandsBetweenTwoLinesAndNowhereElse() {
    var lines = HeaderLines()
    lines.append("a") { $0 += Array("1".utf8) }
    lines.append(line: "b: 2")
    lines.append(line: "c: 3")
    lines.append("d") { $0 += Array("4".utf8) }
    #expect(text(lines) == "a: 1\r\nb: 2\r\nc: 3\r\nd: 4")
    #expect(lines.lines == ["a: 1", "b: 2", "c: 3", "d: 4"])
  }

  @Test func aValueMayBeEmpty() {
    var lines = HeaderLines()
    lines.append("a") { _ in }
    lines.append("b") { _ in }
    #expect(text(lines) == "a: \r\nb: ")
  }

  @Test func aValueOfManyPiecesStandsInOneLine() {
    var lines = HeaderLines()
    lines.append("webhook-signature") { value in
      for piece in ["v1,", "abc", "="] { value += Array(piece.utf8) }
    }
    #expect(lines.lines == ["webhook-signature: v1,abc="])
  }

  @Test func aListOfLinesIsTheSameAsTheLinesOneByOne() {
    var lines = HeaderLines(reservingCapacity: 5)
    lines.append("a") { $0 += Array("1".utf8) }
    lines.append("b") { $0 += Array("é".utf8) }
    #expect(lines == ["a: 1", "b: é"])
    #expect(lines != ["a: 1"])
    #expect(lines.hashValue == (["a: 1", "b: é"] as HeaderLines).hashValue)
  }

  @Test func whatAllBeginWithStandsFirst() {
    var lines = HeaderLines(startingWith: ["a: 1", "b: 2"], reservingCapacity: 100)
    #expect(lines == ["a: 1", "b: 2"])
    lines.append("c") { $0 += Array("3".utf8) }
    #expect(lines == ["a: 1", "b: 2", "c: 3"])
  }
}
