import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite(.timeLimit(.minutes(15))) struct CredentialEndTests {
  private static let end = Timestamp.second(1_000)
  private static let body = #"{"messages":{"createdChat":[{"id":1}]},"token":"old"}"#

  @Test func aSecretSignsUntilItsEndAndNoLonger() {
    let (old, new) = (
      SigningSecret(key: Array(repeating: 1, count: 24), until: Self.end),
      SigningSecret(ed25519Seed: Array(repeating: 2, count: 32))
    )
    func versions(_ secrets: [SigningSecret], at seconds: Int64) -> [Substring] {
      WebhookSignature.header(id: "evt_1", timestamp: seconds, body: [], secrets: secrets).split(
        separator: " "
      )
      .map { $0.prefix { $0 != "," } }
    }
    #expect(versions([old, new], at: Self.end.seconds - 1) == ["v1", "v1a"])
    #expect(versions([old, new], at: Self.end.seconds) == ["v1a"])
    #expect(versions([old], at: Self.end.seconds) == [])
  }

  @Test func aRequestWhoseSecretsHaveAllEndedHasNoSignature() {
    var destination = Destination(name: "crm", url: Secret("http://crm/"))
    destination.signingSecrets = [SigningSecret(key: Array(repeating: 1, count: 24), until: Self.end)]
    let event = Event(
      id: EventID(high: 0, low: 1),
      envelope: EnvelopeContext(source: "huggy", receivedAt: .epoch, time: nil, token: nil), type: "a",
      rawType: Array("a".utf8), company: nil, channel: nil, chat: nil, body: Array("{}".utf8))
    let delivery = Delivery(id: DeliveryID(rawValue: 1), event: event, destination: "crm", since: .epoch)
    func names(at wall: Timestamp) -> [String] {
      RequestBuilder.request(
        for: delivery, to: destination, at: ClockReading(steady: .second(5_000), wall: wall)
      ).headers.lines.map { String($0.prefix { $0 != ":" }) }
    }
    #expect(names(at: .second(999)).contains("webhook-signature"))
    #expect(!names(at: .second(1_000)).contains("webhook-signature"))
  }

  /// By the wall clock: a person writes the end.
  @Test func aTokenLetsInUntilItsEndAndNoLonger() async throws {
    let middle = try await Middle(
      .middle {
        $0.sources[0].tokens = [
          Source.Token(value: Secret("old"), until: Timestamp.second(1_000_000)),
          Source.Token(value: Secret("new")),
        ]
      })
    let left = middle.clock.reading().wall.duration(to: .second(1_000_000))
    middle.clock.setWall(ahead: left - .seconds(1))
    #expect(await middle.post(Self.body).value.status == 200)
    middle.clock.setWall(ahead: left)
    let reply = await middle.post(Self.body.replacing("1}", with: "2}")).value
    #expect(reply.status == 401)
    #expect(String(decoding: reply.body, as: UTF8.self).contains(#""code":"invalid_token""#))
    #expect(await middle.post(Self.body.replacing("old", with: "new")).value.status == 200)
    await middle.rest()
  }

  /// Whoever has lost its last token does not believe everybody.
  @Test func aSourceWhoseTokensHaveAllEndedLetsNobodyIn() async throws {
    let middle = try await Middle(
      .middle {
        $0.sources[0].tokens = [Source.Token(value: Secret("old"), until: Timestamp(microseconds: 1))]
      })
    #expect(await middle.post(Self.body).value.status == 401)
    #expect(await middle.post(#"{"messages":{"createdChat":[{"id":1}]}}"#).value.status == 401)
    await middle.rest()
  }

  @Test func theLogSaysOnceThatAnEndIsNearAndThatItHasCome() {
    let (clock, log) = (ManualClock(.second(0)), LineRecorder())
    let day = Duration.seconds(86_400)
    let configuration = Configuration(
      sources: [
        Source(
          name: "huggy",
          tokens: [
            Source.Token(value: Secret("hunter2"), until: .second(30 * 86_400)),
            Source.Token(value: Secret("b")),
          ])
      ],
      destinations: [
        {
          var destination = Destination(name: "crm", url: Secret("http://crm/"))
          destination.signingSecrets = [
            SigningSecret(key: Array(repeating: 1, count: 24), until: .second(86_400))
          ]
          return destination
        }()
      ], routes: [])
    let endings = EndingLog(
      active: ActiveConfiguration(configuration, loadedAt: .second(0)), clock: clock, logger: log.logger)
    func told() -> [String] {
      endings.look()
      endings.look()
      return log.lines.map { "\($0.message): \($0.metadata["key"] ?? "")" }
    }
    #expect(told() == [], "the configuration's warnings have told it")
    clock.advance(by: day)
    let over =
      "a credential has ended, and no other of its key is left (nobody is let in, nothing is signed): add one: "
      + "destinations.crm.signing_secret[0]"
    #expect(told() == [over])
    clock.advance(by: day * 15)
    let near = "a credential ends soon: sources.huggy.token[0]"
    #expect(told() == [over, near])
    clock.advance(by: day * 14)
    #expect(
      told() == [
        over, near, "a credential has ended; take it out of the configuration: sources.huggy.token[0]",
      ])
    #expect(!log.lines.contains { "\($0)".contains("hunter2") })
  }
}
