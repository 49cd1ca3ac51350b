import RelaySystem
import Testing

@testable import RelayConfig

/// The light scan must see YAML as the composer does.
@Suite struct YAMLScanTests {
  /// What is hard about YAML, to be put together at random.
  static let pieces = [
    "*a", "*a", "&a ", "!t ", "- ", "? ", ": ", ":", ", ", "[", "]", "{", "}", "'", "\"", "\\", "''", "#",
    " # ",
    "|", ">", "|2", "|-\n", ">+\n", "a", "b c", "k: ", "k:\n", "\n", "\n", "\n  ", "\n    ", "\n- ", "\n  - ",
    " ",
    "  ", "\t", "---\n", "\n...\n", "<<: ", "%", "1", "é", "~", "\r\n", "@",
  ]

  @Test func theScanSeesEveryAliasAnchorAndTagThatTheComposerSeesAndNoOthers() {
    var randomness = SplitMix64(seed: 1)
    var (clean, unclean) = (0, 0)
    for _ in 0..<10_000 {
      let count = Int.random(in: 1...14, using: &randomness)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &randomness)! }.joined()
      guard let composed = Composed(text) else { continue }
      let findings = YAMLScan(text).findings
      if findings.isEmpty {
        clean += 1
        #expect(!composed.holdsReferences, "missed in \(text.debugDescription)")
      } else {
        unclean += 1
        #expect(composed.holdsReferences || text.contains("<<"), "imagined in \(text.debugDescription)")
      }
    }
    // Many texts were YAML, of both kinds: about 1,900 and 600.
    #expect(clean > 1_000 && unclean > 300)
  }

  @Test func aBombIsRefusedBeforeItIsComposed() {
    var text = "a0: &a0 [x, x]\n"
    for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    text += "? *a40\n: bomb\n"
    #expect(YAMLScan(text).findings.count == 1 + 40 * 3 + 1)
    #expect(problems(of: text).count == 1 + 40 * 3 + 1)
  }

  @Test(arguments: ["[", "{a: ", "- ", "? ", "- a: [{", "- ? "])
  func nestingIsBounded(piece: String) {
    let text = String(repeating: piece, count: 100_000)
    #expect(YAMLScan(text).findings.map(\.message) == ["nested too deep; at most 32 levels"])
    #expect(problems(of: text).count == 1)
  }

  @Test func nestingByIndentationIsBounded() {
    let nested = { (levels: Int) in
      (0..<levels).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
    }
    #expect(YAMLScan(nested(32)).findings == [])
    #expect(YAMLScan(nested(33)).findings.map(\.location.line) == [33])
  }

  @Test func theKeysOfBlocksHaveTheirPaths() {
    let text = """
      a:
        "b c": 1 # x: y
        d: |
          e: not a key
        f: [g: 1, { h: 2 }]
      routes:
      - name: x
        to:
          - p
          - q: 1
      - name: y
      i:
        j: k
          l
      m: n
      """
    #expect(
      YAMLScan(text).keys.map(\.keyPath) == [
        "a", "a.b c", "a.d", "a.f", "routes", "routes[0].name", "routes[0].to", "routes[0].to[1].q",
        "routes[1].name",
        "i", "i.j", "m",
      ])
  }
}

/// What libyaml sees in a text.
private struct Composed {
  private(set) var holdsReferences = false

  /// nil: the text is not YAML, or more than one document.
  init?(_ text: String) {
    guard let events = try? YAMLEvents(text) else { return nil }
    var documents = 0
    while true {
      guard let event = try? events.next() else { return nil }
      if event.hasProperties { holdsReferences = true }
      switch event.kind {
      case .alias: holdsReferences = true
      case .documentStart: documents += 1
      case .streamEnd where documents > 1: return nil
      case .streamEnd: return
      case .streamStart, .documentEnd, .scalar, .sequenceStart, .sequenceEnd, .mappingStart, .mappingEnd:
        break
      }
    }
  }
}
