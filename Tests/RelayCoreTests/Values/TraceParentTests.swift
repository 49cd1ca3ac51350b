import RelayCore
import Testing

@Suite struct TraceParentTests {
  private static let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  private func read(_ text: String) -> String? { TraceParent(header: Array(text.utf8)).map { "\($0)" } }

  @Test(arguments: [
    valid, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
    "00-00000000000000000000000000000001-0000000000000001-ff",
    "00-ffffffffffffffff0000000000000000-ffffffffffffffff-03",
  ])
  func whatIsValidGoesOnAsItCame(text: String) throws {
    #expect(read(text) == text)
    let trace = try #require(TraceParent(header: Array(text.utf8)))
    #expect(trace.traceID == text.split(separator: "-")[1])
    #expect(trace.bytes.count == 25)
    #expect(TraceParent(bytes: trace.bytes) == trace)
  }

  /// What it has more is not known, and is left out.
  @Test func aLaterVersionGoesOnAsThisOne() {
    let rest = Self.valid.dropFirst(2)
    #expect(read("01\(rest)") == Self.valid)
    #expect(read("cc\(rest)-what-the-future-brings") == Self.valid)
    #expect(read("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff") == Self.valid)
  }

  @Test(arguments: [
    "", "00", "\(valid)-", "\(valid)0", " \(valid)", "\(valid) ", "cc\(valid.dropFirst(2))x",
    "ff\(valid.dropFirst(2))", "0g\(valid.dropFirst(2))", valid.uppercased(),
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
    "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
  ])
  func whatIsNotValidIsAsIfItWereNotThere(text: String) {
    #expect(read(text) == nil)
  }

  @Test func theOneThatIsMadeLeadsToTheEventAndIsValid() throws {
    let id = try #require(EventID("evt_0193b0a0-7c1d-7abc-8def-0123456789ab"))
    let made = TraceParent(madeFor: id)
    #expect("\(made)" == "00-0193b0a07c1d7abc8def0123456789ab-8def0123456789ab-01")
    #expect(TraceParent(header: Array("\(made)".utf8)) == made)
  }

  @Test func bytesThatAreNoneMakeNone() {
    #expect(TraceParent(bytes: []) == nil)
    #expect(TraceParent(bytes: [UInt8](repeating: 1, count: 24)) == nil)
    #expect(TraceParent(bytes: [UInt8](repeating: 0, count: 25)) == nil)
  }
}
