import Testing

@testable import RelayPipeline

@Suite struct TextExpositionTests {
  private func text(_ write: (inout TextExposition) -> Void) -> String {
    var exposition = TextExposition()
    write(&exposition)
    return String(decoding: exposition.bytes, as: UTF8.self)
  }

  @Test func aFamilyIsItsHelpItsTypeAndItsSamples() {
    let text = text {
      $0.begin("a_total", .counter, help: "Things.")
      $0.sample([("x", "1"), ("y", "2")], 3)
      $0.sample([("x", "1"), ("y", "3")], 4)
      $0.begin("b", .gauge, help: "Others.")
      $0.sample([], 5)
    }
    #expect(
      text == """
        # HELP a_total Things.
        # TYPE a_total counter
        a_total{x="1",y="2"} 3
        a_total{x="1",y="3"} 4
        # HELP b Others.
        # TYPE b gauge
        b 5

        """)
  }

  @Test func aFamilyWithoutSamplesIsLeftOut() {
    let text = text {
      $0.begin("a_total", .counter, help: "Things.")
      $0.begin("b", .gauge, help: "Others.")
      $0.sample([], 5)
    }
    #expect(text == "# HELP b Others.\n# TYPE b gauge\nb 5\n")
  }

  @Test(arguments: [
    ("plain", "plain"), ("a\"b", #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#), (#"\n"#, #"\\n"#),
    ("é{},=", "é{},="),
  ])
  func aLabelIsEscaped(value: String, written: String) {
    let text = text {
      $0.begin("a", .gauge, help: "h")
      $0.sample([("x", value)], 1)
    }
    #expect(text.hasSuffix("\na{x=\"\(written)\"} 1\n"))
  }

  @Test func aHelpIsOneLineWithItsQuotes() {
    let text = text {
      $0.begin("a", .gauge, help: "a \"b\"\nc\\d")
      $0.sample([], 1)
    }
    #expect(text.hasPrefix(#"# HELP a a "b"\nc\\d"# + "\n"))
  }

  @Test(arguments: [
    (0, "0"), (1, "0.000001"), (250, "0.00025"), (2_500, "0.0025"), (1_000_000, "1"), (1_500_000, "1.5"),
    (86_400_000_001, "86400.000001"), (10_000_000, "10"),
  ])
  func secondsAreWrittenExactly(microseconds: Int, written: String) {
    var text: [UInt8] = []
    TextExposition.appendSeconds(microseconds: microseconds, to: &text)
    #expect(String(decoding: text, as: UTF8.self) == written)
  }
}
