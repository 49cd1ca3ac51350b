import RelayCore
import RelayPipeline
import Testing

@testable import RelayTools

struct HuggySamplesTests {
  @Test(arguments: HuggySamples().types) func eachDescribedTypeCanBeMadeUp(_ type: String) throws {
    let now = Timestamp(microseconds: 1_800_000_000_000_000)
    let body = try #require(HuggySamples().envelope(with: type, token: "t0ken", at: now))
    let text = String(decoding: body, as: UTF8.self)
    #expect(text.contains("\"\(type)\":[") && text.contains("t0ken"))
  }

  @Test func anotherTypeCanNot() {
    #expect(HuggySamples().envelope(with: "answeredChatForm", token: "t", at: .epoch) == nil)
  }
}
