import Testing

@testable import RelayConfig

@Suite struct YAMLComposerTests {
  @Test func eachNodeKnowsWhereItBegins() throws {
    let root = try #require(try YAMLComposer.root(of: "a:\n  - 'b'\n  - é: [c]\n"))
    guard case .mapping(let pairs) = root.content, case .sequence(let items) = pairs[0].value.content,
      case .mapping(let inner) = items[1].content, case .sequence(let list) = inner[0].value.content
    else {
      Issue.record("\(root)")
      return
    }
    #expect(root.mark == YAMLMark(line: 1, column: 1))
    #expect(items.map(\.mark) == [YAMLMark(line: 2, column: 5), YAMLMark(line: 3, column: 5)])
    // A column is a character, not a byte.
    #expect(list[0].mark == YAMLMark(line: 3, column: 9))
  }

  @Test func aScalarsTextIsWhatYAMLMakesOfIt() throws {
    let texts = [
      "plain # not this", "'it''s'", "\"\\u00e9 \\0\\n\"", "|\n  two\n  lines", ">-\n  one\n  line", "'1'",
      "1",
    ]
    let read = try texts.map { try YAMLComposer.root(of: "- " + $0) }
    let scalars = read.map { root -> String in
      guard case .sequence(let items) = root?.content, case .scalar(let text, let isPlain) = items[0].content
      else { return "none" }
      return "\(isPlain) \(text)"
    }
    #expect(
      scalars == [
        "true plain", "false it's", "false é \0\n", "false two\nlines", "false one line", "false 1", "true 1",
      ])
  }

  @Test(arguments: ["", "# nothing\n", "\n\n"])
  func aTextWithoutADocumentHasNoRoot(text: String) throws {
    let root = try YAMLComposer.root(of: text)
    #expect(root.map { "\($0)" } == nil)
  }

  /// The scan refuses them before; should it miss one, none is followed.
  @Test(arguments: ["[a, *b]", "[a, &b c]", "[a, !b c]", "[a, &b [c]]", "[a, !b {}]", "[a, &b {c: d}]"])
  func noReferenceIsFollowed(text: String) {
    #expect(throws: YAMLFailure.reference(mark: YAMLMark(line: 1, column: 5))) {
      try YAMLComposer.root(of: text)
    }
  }

  @Test func aKeyThatStandsTwiceIsToldAtItsSecondPlace() {
    #expect(throws: YAMLFailure.duplicateKey(mark: YAMLMark(line: 3, column: 1))) {
      try YAMLComposer.root(of: "a: 1\nb: 2\n'a': 3\nb: 4\n")
    }
  }

  @Test func aFaultSaysWhereItIsAndWhereItBegan() {
    #expect(
      throws: YAMLFailure.syntax(
        problem: "did not find expected ',' or ']'", mark: YAMLMark(line: 3, column: 2),
        began: YAMLMark(line: 2, column: 4))
    ) { try YAMLComposer.root(of: "\na: [b\nc: d") }
    #expect(
      throws: YAMLFailure.syntax(
        problem: "but found another document", mark: YAMLMark(line: 2, column: 1), began: nil)
    ) { try YAMLComposer.root(of: "a\n---\nb") }
  }
}
