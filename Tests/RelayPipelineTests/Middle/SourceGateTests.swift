import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// Who comes in to a source, and how often.
@Suite(.timeLimit(.minutes(15))) struct SourceGateTests {
  private final class Client: RequestOrigin {
    let client: ClientAddress
    let peer: String? = "127.0.0.1"
    let forwardedFor: String? = nil
    let userAgent: String? = nil
    let trace: TraceParent? = nil

    init(_ client: ClientAddress) {
      self.client = client
    }

    convenience init(_ text: String) {
      self.init(PeerAddress.Address(text).map { .known($0) } ?? .unknown)
    }
  }

  private static func configuration(allow: [String] = [], rate: Rate? = nil) -> Configuration {
    .middle { configuration in
      configuration.sources[0].allow = allow.compactMap { AddressBlock($0) }
      configuration.sources[0].rate = rate
    }
  }

  @Test func onlyASourceWithALimitIsGuarded() async throws {
    let middle = try await Middle(Self.configuration(allow: ["203.0.113.0/24"]))
    #expect(middle.receiver.entry(at: "/huggy") == .guarded)
    #expect(middle.receiver.entry(at: "/closed") == .open)
    #expect(middle.receiver.entry(at: "/nowhere") == .none)
    middle.receiver.replace(Self.configuration(rate: Rate(count: 1, per: .seconds(1))))
    #expect(middle.receiver.entry(at: "/huggy") == .guarded)
    middle.receiver.replace(Self.configuration())
    #expect(middle.receiver.entry(at: "/huggy") == .open)
  }

  @Test(arguments: [
    ("203.0.113.7", true), ("203.0.114.7", false), ("2001:db8::7", true), ("2001:db9::7", false), ("", false),
  ])
  func anAddressThatIsNotAllowedIsRefused(address: String, isLetIn: Bool) async throws {
    let middle = try await Middle(Self.configuration(allow: ["203.0.113.0/24", "2001:db8::/32"]))
    let refusal = middle.receiver.refusal(of: Client(address), at: "/huggy")
    #expect((refusal == nil) == isLetIn)
    if !isLetIn { #expect(refusal?.reason == .forbiddenAddress && refusal?.reason.status == 403) }
  }

  @Test func aContradictionLetsNobodyIn() async throws {
    let middle = try await Middle(Self.configuration(allow: ["0.0.0.0/0"]))
    let refusal = try #require(middle.receiver.refusal(of: Client(.contradictory), at: "/huggy"))
    #expect(refusal.reason == .forbiddenAddress && refusal.explanation.contains("Forwarded"))
    #expect(refusal.message == Refusal.forbiddenAddress(source: "huggy").message)
  }

  @Test func aRefusalIsCountedAndKeptWithTheClientAndWithoutABody() async throws {
    let middle = try await Middle(Self.configuration(allow: ["203.0.113.0/24"]))
    let stranger = Client("198.51.100.1")
    let refusal = try #require(middle.receiver.refusal(of: stranger, at: "/huggy"))
    middle.receiver.refused(path: "/huggy", refusal, origin: stranger)
    let kept = try #require(middle.receiver.refusedRequests.first)
    #expect((kept.status, kept.code, kept.path) == (403, "forbidden_address", "/huggy"))
    #expect((kept.peer, kept.client) == ("127.0.0.1", "198.51.100.1"))
    #expect(kept.reason == "the client's address is not in sources.huggy.allow")
    #expect(kept.body.isEmpty && kept.bodyBytes == nil)
    let text = try await middle.metricsText()
    #expect(text.contains(#"huggy_relay_envelopes_total{source="huggy",outcome="forbidden"} 1"#))
    #expect(text.contains(#"huggy_relay_requests_refused_total{reason="forbidden_address"} 1"#))
    #expect(middle.recorder.lines.contains { $0.metadata["client"] == "198.51.100.1" })
  }

  @Test func requestsAreKeptToTheRateAndToldWhenToComeBack() async throws {
    let middle = try await Middle(Self.configuration(rate: Rate(count: 2, per: .seconds(5))))
    let sender = Client("203.0.113.7")
    func refusal() -> Refusal? { middle.receiver.refusal(of: sender, at: "/huggy") }
    #expect(refusal() == nil)
    let limited = try #require(refusal())
    #expect(limited.reason == .rateLimited && limited.reason.status == 429)
    // One every 2.5 s: rounded up.
    #expect(limited.reply.headers == [.init("retry-after", "3")])
    middle.clock.advance(by: .milliseconds(2_499))
    #expect(refusal()?.reply.headers == [.init("retry-after", "1")])
    middle.clock.advance(by: .milliseconds(1))
    #expect(refusal() == nil)
    #expect(refusal() != nil)
  }

  /// Senders can't wait for a better moment.
  @Test func asManyAsAreLetThroughInASecondMayComeAtOnce() async throws {
    let middle = try await Middle(Self.configuration(rate: Rate(count: 600, per: .seconds(60))))
    let sender = Client("203.0.113.7")
    let refused = (0..<25).filter { _ in middle.receiver.refusal(of: sender, at: "/huggy") != nil }
    #expect(refused == Array(10..<25))
  }

  @Test func strangersUseUpNothingOfTheRate() async throws {
    let middle = try await Middle(
      Self.configuration(allow: ["203.0.113.7"], rate: Rate(count: 1, per: .seconds(3_600))))
    for _ in 0..<5 {
      #expect(middle.receiver.refusal(of: Client("198.51.100.1"), at: "/huggy")?.reason == .forbiddenAddress)
    }
    #expect(middle.receiver.refusal(of: Client("203.0.113.7"), at: "/huggy") == nil)
    #expect(middle.receiver.refusal(of: Client("203.0.113.7"), at: "/huggy")?.reason == .rateLimited)
  }

  @Test func aReloadForgetsNothingOfTheRate() async throws {
    let middle = try await Middle(Self.configuration(rate: Rate(count: 1, per: .seconds(3_600))))
    let sender = Client("203.0.113.7")
    #expect(middle.receiver.refusal(of: sender, at: "/huggy") == nil)
    middle.receiver.replace(Self.configuration(rate: Rate(count: 1, per: .seconds(60))))
    let limited = try #require(middle.receiver.refusal(of: sender, at: "/huggy"))
    #expect(limited.reply.headers == [.init("retry-after", "60")])
    middle.receiver.replace(Self.configuration(allow: ["203.0.113.7"]))
    #expect(middle.receiver.refusal(of: sender, at: "/huggy") == nil)
  }
}
