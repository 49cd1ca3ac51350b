import Foundation
import RelayCore
import RelayCurl
import RelayHarness
import RelaySQLite
import RelayTools
import Testing

/// Every row of the ingest's table, over HTTP, with its exact status and body.
@Suite struct IngestTableTests {
  private func withRelay(
    _ routesYAML: String, _ body: (_ url: String, _ setting: Setting) async throws -> Void
  ) async throws {
    let setting = try Setting(routesYAML)
    let relay = try setting.start()
    try await body(try #require(relay.ingestURL()), setting)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  private let rules = """
    server: { listen: "127.0.0.1:0", admin: off, max_body: 64KiB }
    sources:
      huggy: { token: [{ value: first, company: "1" }, { value: second, company: "2" }] }
      open: { dedupe: off }
    destinations: { nowhere: { url: "http://127.0.0.1:9/", retry: { initial: 1h, max_delay: 1h } } }
    routes:
      - { name: noise, match: { event: updatedCustomer }, drop: true }
      - { name: chats, match: { event: "*Chat" }, to: nowhere }
    """

  private func text(_ response: BlockingResponse) -> String { String(decoding: response.body, as: UTF8.self) }

  private func object(_ response: BlockingResponse) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
  }

  @Test func anEnvelopeIsAnsweredWithItsCountsAndIDs() async throws {
    try await withRelay(rules) { url, setting in
      let envelope =
        #"{"token":"first","messages":{"createdChat":[{"id":1},7,{"id":2}],"updatedCustomer":{"id":3},"x":[{}]}}"#
      let answer = try post(Array(envelope.utf8), to: url + "/huggy")
      #expect(answer.status == 200)
      #expect(answer.contentType == "application/json")
      let reply = try object(answer)
      #expect(reply["accepted"] as? Int == 4)
      #expect(reply["deliveries"] as? Int == 2)
      #expect(reply["dropped"] as? Int == 1)
      #expect(reply["unrouted"] as? Int == 1)
      #expect(reply["duplicate"] as? Bool == false)
      let ids = try #require(reply["events"] as? [String])
      #expect(ids == ids.sorted() && ids.count == 4)
      let rejected = try #require(reply["rejected"] as? [[String: Any]])
      #expect(rejected.count == 1)
      #expect(rejected[0]["event"] as? String == "createdChat")
      #expect(rejected[0]["index"] as? Int == 1)
      #expect(rejected[0]["reason"] as? String == "an event is an object, this is a number")
      // The answer came after the commit: what it names is in the store.
      #expect(try StoreReader(path: setting.database).eventIDs().map(\.description) == ids)
    }
  }

  @Test func theHandshakePrintsTheTokenBackAndNothingElse() async throws {
    try await withRelay(rules) { url, _ in
      let answer = try post(Array(#"{"token":"second","validToken":true}"#.utf8), to: url + "/huggy")
      #expect(answer.status == 200)
      #expect(answer.contentType?.hasPrefix("text/plain") == true)
      #expect(text(answer) == "second")
      let wrong = try post(Array(#"{"token":"third","validToken":true}"#.utf8), to: url + "/huggy")
      #expect(wrong.status == 401)
      let open = try post(Array(#"{"token":"any","validToken":true}"#.utf8), to: url + "/open")
      #expect(open.status == 200)
      #expect(text(open) == "any")
      let no = try post(Array(#"{"token":"second","validToken":false}"#.utf8), to: url + "/huggy")
      #expect(no.status == 400)
    }
  }

  @Test func theSameBytesAgainAreADuplicateWithTheFirstOnesIDs() async throws {
    try await withRelay(rules) { url, setting in
      let envelope = Array(#"{"token":"first","messages":{"createdChat":[{"id":1},{"id":2}]}}"#.utf8)
      let first = try object(try post(envelope, to: url + "/huggy"))
      let second = try object(try post(envelope, to: url + "/huggy"))
      #expect(second["duplicate"] as? Bool == true)
      #expect(second["accepted"] as? Int == 0)
      #expect(second["events"] as? [String] == first["events"] as? [String])
      #expect(try StoreReader(path: setting.database).eventIDs().count == 2)
      // Another source's envelope is another envelope, and a source may turn it off.
      let open = try object(try post(envelope, to: url + "/open"))
      #expect(open["duplicate"] as? Bool == false)
      let again = try object(try post(envelope, to: url + "/open"))
      #expect(again["duplicate"] as? Bool == false)
    }
  }

  @Test func twinsThatArriveAtOnceAreStoredOnce() async throws {
    try await withRelay(rules) { url, setting in
      let envelope = Array(#"{"token":"first","messages":{"createdChat":[{"id":1}]}}"#.utf8)
      let replies = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<12 {
          group.addTask {
            let answer = try post(envelope, to: url + "/huggy")
            return String(decoding: answer.body, as: UTF8.self).contains(#""duplicate":true"#)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(replies.filter { !$0 }.count == 1)
      #expect(try StoreReader(path: setting.database).eventIDs().count == 1)
    }
  }

  @Test(arguments: [
    (#"{"messages":"#, "invalid_json", 12),
    (#"{"messages":{}} x"#, "invalid_json", 16),
    ("", "invalid_json", 0),
    ("[]", "invalid_envelope", 0),
    (#"{"token":"first"}"#, "invalid_envelope", 0),
    (#"{"token":"first","messages":null}"#, "invalid_envelope", 0),
  ])
  func whatIsNoEnvelopeIs400(body: String, code: String, offset: Int) async throws {
    try await withRelay(rules) { url, _ in
      let answer = try post(Array(body.utf8), to: url + "/huggy")
      #expect(answer.status == 400)
      let error = try #require(try object(answer)["error"] as? [String: Any])
      #expect(error["code"] as? String == code)
      #expect(error["offset"] as? Int == offset)
      #expect((error["message"] as? String)?.isEmpty == false)
    }
  }

  @Test func aMissingTokenAndAWrongOneAre401WhereverTheyStand() async throws {
    try await withRelay(rules) { url, _ in
      for (body, code) in [
        (#"{"messages":{"createdChat":[{}]}}"#, "missing_token"),
        (#"{"token":null,"messages":{}}"#, "missing_token"),
        (#"{"token":"","messages":{}}"#, "missing_token"),
        (#"{"token":"firs","messages":{"createdChat":[{}]}}"#, "invalid_token"),
        (#"{"messages":{"createdChat":[{}],"token":"nope"}}"#, "invalid_token"),
        (#"{"token":"nope","validToken":true}"#, "invalid_token"),
      ] {
        let answer = try post(Array(body.utf8), to: url + "/huggy")
        #expect(answer.status == 401)
        #expect(text(answer).contains(#""code":"\#(code)""#), "\(body)")
      }
      let inside = #"{"messages":{"createdChat":[{}],"token":"second"}}"#
      #expect(try post(Array(inside.utf8), to: url + "/huggy").status == 200)
    }
  }

  @Test func aByteOrderMarkIsSkippedAndTheEventsBytesAreTheirOwn() async throws {
    try await withRelay(rules) { url, setting in
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let body = mark + Array(#"{"token":"first","messages":{"createdChat":[{ "id": 1.0 }]}}"#.utf8)
      #expect(try post(body, to: url + "/huggy").status == 200)
      #expect(try text(post(body, to: url + "/huggy")).contains(#""duplicate":true"#))
      let id = try #require(StoreReader(path: setting.database).eventIDs().first)
      #expect(id.description.hasPrefix("evt_"))
    }
  }

  /// RFC 8259 leaves open what two members of one name mean: here nothing is lost.
  @Test func twoMessagesMembersBothCount() async throws {
    try await withRelay(rules) { url, _ in
      let body =
        #"{"token":"first","messages":{"createdChat":[{"id":1}]},"messages":{"closedChat":[{"id":2}],"x":[{}]}}"#
      let reply = try object(try post(Array(body.utf8), to: url + "/huggy"))
      #expect(reply["accepted"] as? Int == 3)
      #expect((reply["events"] as? [String])?.count == 3)
    }
  }

  @Test(arguments: [
    ("payload=%7B%7D", "application/x-www-form-urlencoded", 415, "form"),
    ("--x\r\n\r\n{}\r\n--x--\r\n", "multipart/form-data; boundary=x", 415, "multipart"),
    (#"{"token":"first","messages":{}}"#, "application/x-www-form-urlencoded", 200, "accepted"),
    (#"{"token":"first","messages":{}}"#, "text/plain; charset=utf-16", 200, "accepted"),
  ])
  func whatABodyIsIsJudgedByTheBody(body: String, type: String, status: Int, words: String) async throws {
    try await withRelay(rules) { url, _ in
      let answer = try BlockingClient().send(
        method: "POST", url: url + "/huggy", headers: ["content-type: \(type)"], body: Array(body.utf8),
        timeout: .seconds(10))
      #expect(answer.status == status)
      #expect(text(answer).contains(words))
    }
  }

  @Test func pathsMethodsAndSizesAreRefusedAsPromised() async throws {
    try await withRelay(rules) { url, _ in
      let client = BlockingClient()
      #expect(try post(Array("{}".utf8), to: url + "/else").status == 404)
      let get = try client.send(
        method: "GET", url: url + "/huggy", headers: [], body: nil, timeout: .seconds(10))
      #expect(get.status == 405)
      let put = Array(#"{"token":"first","messages":{}}"#.utf8)
      let answer = try client.send(
        method: "PUT", url: url + "/huggy", headers: [], body: put, timeout: .seconds(10))
      #expect(answer.status == 200)
      let large = try post([UInt8](repeating: 0x20, count: 65 << 10), to: url + "/huggy")
      #expect(large.status == 413)
      #expect(text(large).contains("too_large"))
      let health = try client.send(
        method: "GET", url: url + "/healthz", headers: [], body: nil, timeout: .seconds(10))
      #expect(health.status == 200)
    }
  }

  @Test func aRefusalIsCountedAndShownWithWhereItCameFrom() async throws {
    let admin = rules.replacing("admin: off", with: #"admin: "127.0.0.1:0""#)
    let setting = try Setting(admin)
    let relay = try setting.start()
    let (url, people) = (try #require(relay.ingestURL()), try #require(Operator(relay)))
    let headers = ["user-agent: probe/1", "x-forwarded-for: 192.0.2.7, 192.0.2.8"]
    func send(_ path: String, _ body: String) throws -> Int {
      let answer = try BlockingClient().send(
        method: "POST", url: url + path, headers: headers, body: Array(body.utf8), timeout: .seconds(10))
      return answer.status
    }
    for _ in 0..<3 { #expect(try send("/nowhere", "{}") == 404) }
    #expect(try send("/huggy/", #"{"token":"first","messages":{"x":[}}"#) == 400)
    #expect(try send("/huggy", #"{"messages":{"x":[{}]}}"#) == 401)
    for (reason, count) in [
      ("not_found", 3.0), ("invalid_json", 1), ("missing_token", 1), ("invalid_token", 0),
    ] {
      #expect(
        try people.metric("huggy_relay_requests_refused_total{reason=\"\(reason)\"}") == count, "\(reason)")
    }
    #expect(try people.metric(#"huggy_relay_last_accepted_timestamp_seconds{source="huggy"}"#) == nil)

    struct Rejections: Decodable {
      struct Rejection: Decodable {
        var path: String
        var status: Int
        var count: Int
        var offset: Int?
        var peer: String
        var forwardedFor: String
        var agent: String
      }

      var rejections: [Rejection]
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let answer = try people.get("/api/v1/rejections")
    let shown = try decoder.decode(Rejections.self, from: Data(answer.utf8)).rejections
    #expect(shown.map(\.status) == [401, 400, 404] && shown.map(\.count) == [1, 1, 3])
    #expect(shown.map(\.offset) == [nil, 34, nil])
    #expect(shown.map(\.path) == ["/huggy", "/huggy", "/nowhere"])
    for rejection in shown {
      #expect(rejection.peer == "127.0.0.1" && rejection.agent == "probe/1")
      #expect(rejection.forwardedFor == "192.0.2.7, 192.0.2.8")
    }

    let before = Date().timeIntervalSince1970
    #expect(try send("/huggy", #"{"token":"first","messages":{"x":[{}]}}"#) == 200)
    let last = try people.metric(#"huggy_relay_last_accepted_timestamp_seconds{source="huggy"}"#)
    #expect(abs(try #require(last) - before) < 30)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func moreThanTenThousandEventsAre413AndNothingIsKept() async throws {
    let rules = """
      server: { listen: "127.0.0.1:0", admin: off }
      sources: { huggy: {} }
      """
    try await withRelay(rules) { url, setting in
      let events = Array(repeating: "{}", count: 10_001).joined(separator: ",")
      let answer = try post(Array(#"{"messages":{"x":[\#(events)]}}"#.utf8), to: url + "/huggy")
      #expect(answer.status == 413)
      #expect(text(answer).contains("10000"))
      #expect(try StoreReader(path: setting.database).eventIDs().isEmpty)
    }
  }

  @Test func keepRoutedStoresNothingThatNoRouteSentAnywhere() async throws {
    try await withRelay("store: { keep: routed }\n" + rules) { url, setting in
      let envelope = Array(#"{"token":"first","messages":{"x":[{}],"createdChat":[{}]}}"#.utf8)
      let reply = try object(try post(envelope, to: url + "/huggy"))
      #expect(reply["accepted"] as? Int == 2)
      #expect(reply["unrouted"] as? Int == 1)
      let ids = try #require(reply["events"] as? [String])
      #expect(try StoreReader(path: setting.database).eventIDs().map(\.description) == [ids[1]])
      let unrouted = Array(#"{"token":"first","messages":{"x":[{}]}}"#.utf8)
      _ = try post(unrouted, to: url + "/huggy")
      let again = try object(try post(unrouted, to: url + "/huggy"))
      #expect(again["duplicate"] as? Bool == false)
    }
  }
}
