import Foundation
import RelayCore
import RelayTools
import Testing

/// The platform's example envelopes, through the running binary.
@Suite struct FixtureTests {
  @Test func eachOfTheThirteenEventsArrivesByteForByteInEveryFormat() async throws {
    let (huggy, event, cloud, clouds) = (Received(), Received(), Received(), Received())
    let huggySink = Sink(settings: SinkSettings(listen: anyPort())) { huggy.note($0) }
    let eventSink = Sink(settings: SinkSettings(listen: anyPort())) { event.note($0) }
    let cloudSink = Sink(settings: SinkSettings(listen: anyPort())) { cloud.note($0) }
    let cloudsSink = Sink(settings: SinkSettings(listen: anyPort())) { clouds.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations:
        whole: { url: "http://\(try await huggySink.start())/", forward_token: true }
        alone: { url: "http://\(try await eventSink.start())/", format: event }
        cloud: { url: "http://\(try await cloudSink.start())/", format: cloudevents }
        clouds: { url: "http://\(try await cloudsSink.start())/", format: cloudevents, batch: {} }
      routes: [{ name: all, to: [whole, alone, cloud, clouds] }]
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    #expect(Fixtures.names.count == 12)

    var expected: [(type: String, event: String, huggy: String)] = []
    for name in Fixtures.names {
      let envelope = Fixtures.envelope(name)
      expected += SlowSplitter.events(of: envelope)
      let answer = try post(envelope, to: url + "/huggy")
      #expect(answer.status == 200, "\(name)")
    }
    #expect(expected.count == 13)
    #expect(huggy.wait { $0.count == 13 })
    #expect(event.wait { $0.count == 13 })
    #expect(
      Set(event.all.map { String(decoding: $0.body, as: UTF8.self) }) == Set(expected.map(\.event)))
    #expect(
      Set(huggy.all.map { String(decoding: $0.body, as: UTF8.self) }) == Set(expected.map(\.huggy)))
    #expect(cloud.wait { $0.count == 13 })
    #expect(clouds.wait { $0.flatMap(\.eventIDs).count == 13 })
    // What the sink finds wrong with one, it says.
    #expect(cloud.all.allSatisfy { $0.flaw == nil } && clouds.all.allSatisfy { $0.batch?.flaw == nil })
    #expect(
      Set(cloud.all.map { $0.header("content-type") }) == ["application/cloudevents+json"]
        && Set(clouds.all.map { $0.header("content-type") }) == ["application/cloudevents-batch+json"])
    #expect(Set(cloud.all.map { SlowSplitter.data(of: $0.body) }) == Set(expected.map(\.event)))
    // The same bytes in a batch.
    let alone = cloud.all.map { String(decoding: $0.body, as: UTF8.self) }
    let together = clouds.all.map { String(decoding: $0.body, as: UTF8.self) }
    #expect(alone.allSatisfy { one in together.contains { $0.contains(one) } })
    #expect(Set(clouds.all.flatMap(\.eventIDs)) == Set(cloud.all.compactMap(\.webhookID)))
    #expect(Set(cloud.all.compactMap(\.webhookID)) == Set(event.all.compactMap(\.webhookID)))
    #expect(event.all.compactMap(\.eventType).sorted() == expected.map(\.type).sorted())
    // One id for an event, wherever it goes.
    #expect(Set(huggy.all.compactMap(\.webhookID)) == Set(event.all.compactMap(\.webhookID)))
    #expect(Set(event.all.compactMap(\.webhookID)).count == 13)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await huggySink.stop()
    for sink in [eventSink, cloudSink, cloudsSink] { await sink.stop() }
  }

  @Test(arguments: Fixtures.names) func explainSaysWhatServeDoes(name: String) async throws {
    let received = ["messages": Received(), "chats": Received(), "rest": Received()]
    var addresses: [String: ListenAddress] = [:]
    var sinks: [Sink] = []
    for (destination, record) in received {
      let sink = Sink(settings: SinkSettings(listen: anyPort())) { record.note($0) }
      addresses[destination] = try await sink.start()
      sinks.append(sink)
    }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      destinations:
        messages: { url: "http://\(addresses["messages"]!)/" }
        chats: { url: "http://\(addresses["chats"]!)/" }
        rest: { url: "http://\(addresses["rest"]!)/" }
      routes:
        - { name: kivya, match: { where: { body: { contains: kivya } } }, to: rest }
        - { name: noise, match: { event: createdCustomer }, drop: true }
        - { name: messages, match: { event: "*Message", channel: widget }, to: messages, stop: true }
        - { name: chats, match: { event: ["*Chat", agentEntered], company: ["15691", null] }, to: chats }
        - { name: flows, match: { where: { 'context."SYSTEM.COMPANY_NAME"': Teste } }, to: [rest, chats] }
      """)
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let answer = try post(Fixtures.envelope(name), to: url + "/huggy")
    let reply = try #require(
      JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    let explained = try Setting.run([
      "explain", "--config", setting.configuration, "--json", Fixtures.path(name),
    ])
    #expect(explained.status == 0, "\(explained.errors)")
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(explained.output.utf8)) as? [String: Any])
    let events = try #require(report["events"] as? [[String: Any]])

    var expected: Set<String> = []
    for event in events {
      let type = try #require(event["type"] as? String)
      for destination in event["destinations"] as? [String] ?? [] {
        expected.insert("\(type) → \(destination)")
      }
    }
    #expect(reply["accepted"] as? Int == events.count)
    #expect(reply["deliveries"] as? Int == expected.count)
    #expect(reply["dropped"] as? Int == events.filter { $0["dropped"] as? Bool == true }.count)
    for (destination, record) in received {
      let count = expected.filter { $0.hasSuffix("→ \(destination)") }.count
      #expect(record.wait { $0.count == count })
    }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let seen = received.flatMap { destination, record in
      record.all.map { "\($0.eventType ?? "") → \(destination)" }
    }
    #expect(Set(seen) == expected)
    for sink in sinks { await sink.stop() }
  }
}

/// Splits an example envelope in the plainest way: counts brackets outside strings. For comparison only.
enum SlowSplitter {
  static func events(of envelope: [UInt8]) -> [(type: String, event: String, huggy: String)] {
    let text = String(decoding: envelope, as: UTF8.self)
    let object = try! JSONSerialization.jsonObject(with: Data(envelope)) as! [String: Any]  // Our own files.
    let messages = object["messages"] as! [String: Any]
    let token = (object["token"] ?? messages["token"]) as! String
    let types = messages.keys.filter { messages[$0] is [Any] }
    return types.map { type in
      let key = text.range(of: "\"\(type)\"")!
      let start = text[key.upperBound...].firstIndex(of: "{")!
      let event = String(text[start...].prefix(balancedLength(of: text[start...])))
      let huggy = #"{"time":\#(object["time"]!),"messages":{"\#(type)":[\#(event)]},"token":"\#(token)"}"#
      return (type, event, huggy)
    }
  }

  /// The `data` of a CloudEvent, as it is spelled there.
  static func data(of cloudEvent: [UInt8]) -> String {
    let text = String(decoding: cloudEvent, as: UTF8.self)
    let start = text.range(of: #""data":"#)!.upperBound
    return String(text[start...].prefix(balancedLength(of: text[start...])))
  }

  private static func balancedLength(of text: Substring) -> Int {
    var (depth, length, isInString, isEscaped) = (0, 0, false, false)
    for character in text {
      length += 1
      if isEscaped { isEscaped = false; continue }
      switch character {
      case "\\" where isInString: isEscaped = true
      case "\"": isInString.toggle()
      case "{" where !isInString: depth += 1
      case "}" where !isInString: depth -= 1
      default: break
      }
      if depth == 0 { return length }
    }
    return length
  }
}
