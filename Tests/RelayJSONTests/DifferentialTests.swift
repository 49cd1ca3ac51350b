import RelayJSON
import Testing

@Suite struct DifferentialTests {
  static let paths = [
    ["a"], ["a", "b"], ["a", "b", "c"], ["b"], ["b", "a"], ["c", "c"], ["id"], ["a", "id"], ["a.b"], ["é"],
    [""],
    ["a"], ["longer_than_a_word", "a"], ["a\"b"], ["b", "b", "b", "b"],
  ]

  @Test(arguments: [paths, [], [[]], [["a", "b"]], [["a"], []]])
  func theScannerFindsWhatTheReferenceFinds(paths: [[String]]) throws {
    let scanner = EnvelopeScanner(fields: FieldTree(paths: paths))
    var generator = DocumentGenerator(seed: 20_190_712)
    var fieldCount = 0
    for _ in 0..<200 {
      let document = Array(generator.envelope().utf8)
      let found = try scanner.scan(document)
      let expected = ReferenceScanner.scan(document, paths: paths)
      let text = Comment(rawValue: String(decoding: document, as: UTF8.self))
      #expect(found.time == expected.time, text)
      #expect(found.token == expected.token, text)
      #expect(found.validToken == expected.validToken, text)
      #expect(found.messagesToken == expected.messagesToken, text)
      #expect(found.messagesKind == expected.messagesKind, text)
      #expect(found.hasMessages == expected.hasMessages, text)
      #expect(found.events == expected.events, text)
      #expect(found.rejected == expected.rejected, text)
      #expect(found.fields == expected.fields, text)
      fieldCount += found.fields.count
    }
    #expect(paths.isEmpty || fieldCount > 20, "the generator must make something to compare")
  }

  @Test(arguments: Fixture.all)
  func theScannerFindsWhatTheReferenceFindsInTheFixtures(fixture: Fixture) throws {
    let paths = [
      ["id"], ["chat"], ["chat", "customer", "email"], ["context", "SYSTEM.CHAT_ID"], ["company", "id"],
    ]
    let found = try EnvelopeScanner(fields: FieldTree(paths: paths)).scan(fixture.bytes)
    let expected = ReferenceScanner.scan(fixture.bytes, paths: paths)
    #expect(found.fields == expected.fields)
    #expect(found.events == expected.events)
  }
}
