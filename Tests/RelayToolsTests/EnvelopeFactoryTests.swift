import Foundation
import RelayCore
import RelayJSON
import Testing

@testable import RelayTools

@Suite struct EnvelopeFactoryTests {
  static let start = Timestamp(microseconds: 1_562_964_573_000_000)

  private func envelopes(
    _ count: Int, seed: UInt64 = 1, scenario: Scenario = .all, openChats: Int = 8
  ) -> [SimulatedEnvelope] {
    var factory = EnvelopeFactory(seed: seed, token: "t0k3n", scenario: scenario, openChats: openChats)
    return (0..<count).map { factory.next(at: Self.start.advanced(by: .milliseconds($0 * 100))) }
  }

  /// The `messages` of an envelope, by type.
  private func messages(_ envelope: SimulatedEnvelope) throws -> [String: [[String: Any]]] {
    let document = try JSONSerialization.jsonObject(with: Data(envelope.body)) as? [String: Any]
    let messages = try #require(document?["messages"] as? [String: Any])
    return messages.compactMapValues { $0 as? [[String: Any]] }
  }

  @Test(arguments: Scenario.allCases)
  func everyScenarioIsJSONThatHoldsWhatItSays(scenario: Scenario) throws {
    for envelope in envelopes(200, scenario: scenario) {
      let document = try #require(
        try JSONSerialization.jsonObject(with: Data(envelope.body)) as? [String: Any])
      #expect((document["time"] as? Int64).map { (1_562_964_573...1_562_964_593).contains($0) } == true)
      let raw = try #require(document["messages"] as? [String: Any])
      #expect((document["token"] ?? raw["token"]) as? String == "t0k3n")
      let messages = try messages(envelope)
      #expect(Set(messages.keys) == Set(envelope.types.map(\.rawValue)))
      #expect(messages.values.map(\.count).reduce(0, +) == envelope.types.count)
    }
  }

  @Test func theRelaysOwnScannerFindsTheSameEventsInTheSameOrder() throws {
    let scanner = EnvelopeScanner(fields: FieldTree(paths: []))
    for envelope in envelopes(500) {
      let scanned = try scanner.scan(envelope.body)
      #expect(scanned.events.map { $0.type.text(in: envelope.body) } == envelope.types.map(\.rawValue))
      #expect(scanned.rejected.isEmpty)
    }
  }

  static let chains: [(scenario: Scenario, chain: [HuggyEventType])] = [
    (.agentCreatedChat, [.createdChat]),
    (.customerCreatedChat, [.createdChat, .receivedAllMessage, .receivedMessage]),
    (.chatWithFlow, [.createdChat, .receivedAllMessage, .startedAutomationFlow]),
    (
      .closingWithFeedbackFlow,
      [.startedAutomationFlow, .receivedAllMessage, .finishedAutomationFlow, .closedChat]
    ),
    (.closingByAgent, [.sendedAllMessage, .closedChat]),
    (.queuePickupAndClose, [.agentEntered, .closedChat]),
  ]

  @Test(arguments: chains)
  func aDocumentedChainStandsInOneEnvelope(scenario: Scenario, chain: [HuggyEventType]) {
    #expect(envelopes(20, scenario: scenario).contains { $0.types == chain })
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func theFirstEnvelopesOfAMixHoldEveryDocumentedType(seed: UInt64) {
    let types = envelopes(16, seed: seed).flatMap(\.types)
    #expect(Set(types) == Set(HuggyEventType.described))
    #expect(Set(envelopes(24, seed: seed, openChats: 12).flatMap(\.types)) == Set(HuggyEventType.described))
  }

  @Test func theSameSeedMakesTheSameBytes() {
    #expect(envelopes(1_000, seed: 42) == envelopes(1_000, seed: 42))
    #expect(envelopes(1, seed: 42).map(\.body) != envelopes(1, seed: 43).map(\.body))
  }

  @Test func idsAreUniqueOverTenThousandEnvelopesAndTwoSeeds() throws {
    var seen: Set<String> = []
    var chats: [String: Set<String>] = [:]
    for (seed, envelope) in [1, 2].flatMap({ seed in envelopes(5_000, seed: seed).map { (seed, $0) } }) {
      chats[envelope.chat, default: []].insert("\(seed)/\(envelope.story)")
      for (type, events) in try messages(envelope) {
        for event in events {
          // Flows have no id of their own, and a chat's events bear the chat's.
          guard let id = event["id"], !(event["chat"] == nil && "\(id)" == envelope.chat) else { continue }
          #expect(seen.insert("\(type) \(id)").inserted, "\(type) \(id) stands twice")
        }
      }
    }
    #expect(seen.count > 10_000)
    #expect(chats.values.allSatisfy { $0.count == 1 }, "a chat belongs to one story of one run")
  }

  @Test func aChatIsToldInOrderFromItsBeginning() {
    var steps: [Int: Int] = [:]
    for envelope in envelopes(2_000) {
      #expect(envelope.step == steps[envelope.story, default: 0])
      steps[envelope.story] = envelope.step + 1
    }
  }

  @Test func huggysQuirksOccur() throws {
    let made = envelopes(600)
    let events = try made.flatMap { try messages($0).flatMap { type, events in events.map { (type, $0) } } }
    let chats = events.compactMap { $0.1["chat"] as? [String: Any] }
    #expect(
      Set(chats.compactMap { $0["situation"] as? String }) == [
        "auto", "wait_for_chat", "in_chat", "finishing",
      ])
    #expect(chats.contains { $0["id"] is String } && chats.contains { $0["id"] is Int })
    #expect(
      chats.contains { $0["department"] as? Bool == false } && chats.contains { $0["department"] is Int })
    #expect(chats.contains { $0["channel"] is [String: Any] })
    #expect(events.contains { ($0.1["customer"] as? [String: Any])?["mobile"] is NSNull })
    #expect(events.contains { $0.1["receiver"] as? Bool == false })
    #expect(events.contains { $0.1["is_internal"] as? Bool == true })
    #expect(events.contains { $0.1["senderType"] as? String == "bot" })
    #expect(events.allSatisfy { $0.0 != "sendedAllMessage" || $0.1["channel"] as? String == "agent" })
    let companies = events.compactMap { ($0.1["company"] as? [String: Any])?["id"] as? String }
    #expect(Set(companies) == ["15691", "6618", "9999", "11721"])
    let texts = made.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(texts.contains { $0.contains(#"],"token":"t0k3n"}}"#) }, "a token within messages")
    #expect(texts.contains { $0.contains(#"https:\/\/c.pzw.io"#) && $0.contains(#"\u00"#) }, "PHP's spelling")
    #expect(texts.contains { $0.contains("Olá") }, "UTF-8 as it is")
  }

  @Test func timesAreHuggysLocalTime() {
    #expect(Self.start.huggyLocalTime == "2019-07-12 17:49:33")
    #expect(Self.start.huggyGreeting == "boa tarde")
  }

  @Test func everyShapeIsThatOfADocumentedExample() throws {
    let made = try envelopes(400).flatMap {
      try messages($0).flatMap { type, events in events.map { (type, $0) } }
    }
    let examples = try exampleKeys()
    try #require(examples.count == HuggyEventType.described.count)
    for (type, event) in made where event.count > 4 {
      #expect(Set(event.keys) == examples[type], "keys of \(type)")
    }
  }

  /// The keys of each type's fullest example.
  private func exampleKeys() throws -> [String: Set<String>] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures")
    var keys: [String: Set<String>] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
      let document = try JSONSerialization.jsonObject(with: bytes) as? [String: Any]
      for (type, events) in document?["messages"] as? [String: Any] ?? [:] {
        guard let event = (events as? [[String: Any]])?.first else { continue }
        if event.count > keys[type, default: []].count { keys[type] = Set(event.keys) }
      }
    }
    return keys
  }
}
