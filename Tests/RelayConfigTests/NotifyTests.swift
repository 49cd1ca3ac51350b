import RelayConfig
import RelayCore
import Testing

@Suite struct NotifyTests {
  private static func notify(_ entry: String) -> String { oneSource + "notify:\n  \(entry)\n" }

  private func receiver(_ keys: String) throws -> NoticeReceiver? {
    try loader().checked(text: Self.notify("ops: { url: \"https://chat.example/x\"\(keys) }")).configuration
      .notify.first
  }

  @Test func withAURLAloneItIsToldOfEverything() throws {
    let receiver = try #require(try receiver(""))
    #expect(receiver.name == "ops" && receiver.url.reveal == "https://chat.example/x")
    #expect(receiver.format == .json && receiver.kinds == Set(NoticeKind.allCases))
    #expect(receiver.patience == .seconds(300) && receiver.repetition == .seconds(86_400))
  }

  @Test func eachKeyIsRead() throws {
    let slack = try #require(
      try receiver(", format: slack, for: 0s, repeat: off, on: [down, late]"))
    #expect(slack.format == .slack && slack.patience == .zero && slack.repetition == nil)
    #expect(slack.kinds == [.down, .late])
    let one = try #require(try receiver(", on: store, repeat: 36h, for: 10m"))
    #expect(one.kinds == [.store] && one.repetition == .seconds(36 * 3_600) && one.patience == .seconds(600))
    let heartbeat = try #require(try receiver(", format: heartbeat, every: 30s"))
    #expect(heartbeat.format == .heartbeat && heartbeat.every == .seconds(30))
    #expect(try receiver(", format: heartbeat")?.every == .seconds(60))
  }

  @Test func withoutTheKeyNobodyIsTold() throws {
    #expect(try loader().checked(text: oneSource).configuration.notify == [])
    #expect(try loader().checked(text: oneSource + "notify:\n").configuration.notify == [])
  }

  @Test func whatIsWrongIsToldAllAtOnceWithItsPlace() {
    let text =
      oneSource + """
        notify:
          a: { format: slack }
          b: { url: "ftp://x", for: 8d, repeat: 500ms, on: [] }
          c: { url: "https://x.example", format: slak, evry: 1m }
          d: { url: "https://x.example", on: [down, lat, everything] }
          e: { url: "https://x.example", format: heartbeat, for: 1m, repeat: 1h, on: down }
          f: { url: "https://x.example", every: 60s }
          g: 1
          h!: { url: "https://x.example" }
          i: { url: "https://x.example", format: heartbeat, every: 500ms }
        """
    #expect(
      problems(of: text) == [
        "3:3: notify.a: url is missing; write where to send it, such as \"${SLACK_URL}\"",
        "4:13: notify.b.url: the value is not an address; it begins with http:// or https://",
        "4:29: notify.b.for: '8d' is too long; at most 7d",
        "4:41: notify.b.repeat: '500ms' is too short; at least 1s",
        "4:52: notify.b.on: the list is empty: nothing would be told; name what to tell, or remove the key "
          + "for all",
        "5:42: notify.c.format: 'slak' is not a format; did you mean slack?",
        "5:48: notify.c.evry: unknown key 'evry'; did you mean 'every'?",
        "6:45: notify.d.on[1]: 'lat' is no kind of notice; did you mean late?",
        "6:50: notify.d.on[2]: 'everything' is no kind of notice; there are down, late, dead, overflow, quiet, "
          + "refused, orphaned, paused, store, reload, clock, certificate, attachments",
        "7:58: notify.e.for: a heartbeat says that the relay is ready, and nothing else; remove this key",
        "7:70: notify.e.repeat: a heartbeat says that the relay is ready, and nothing else; remove this key",
        "7:78: notify.e.on: a heartbeat says that the relay is ready, and nothing else; remove this key",
        "8:41: notify.f.every: only `format: heartbeat` has it; for notices write repeat",
        "9:6: notify.g: expected a mapping with a url, found a single value",
        "10:3: notify.h!: 'h!' is not a name; use 1 to 64 of A-Z a-z 0-9 _ . -",
        "11:60: notify.i.every: '500ms' is too short; at least 1s",
      ])
  }

  @Test func whatIsNeverToldIsWarnedOf() {
    let text = "notify: { ops: { url: \"https://x.example\", on: [quiet, attachments] } }\n"
    func warnings(_ source: String) -> [String] {
      problems(of: "sources: { huggy: { token: t\(source) } }\n" + text).filter { $0.contains("notify.") }
    }
    let attachments =
      "2:56: warning: notify.ops.on[1]: no source has attachments, so this is never told; give it to those whose "
      + "files are kept"
    #expect(
      warnings("") == [
        "2:49: warning: notify.ops.on[0]: no source has quiet_after, so this is never told; give it to those that "
          + "should be heard", attachments,
      ])
    #expect(warnings(", quiet_after: 1h") == [attachments])
  }

  @Test func thereIsABoundToThem() {
    let many = (0..<21).map { "n\($0): { url: \"https://x.example\" }" }.joined(separator: "\n  ")
    #expect(problems(of: Self.notify(many)) == ["3:3: notify: these are too many; at most 20"])
  }

  @Test func itsAddressIsShownByNobody() throws {
    let text = Self.notify("ops: { url: \"https://u:pass@chat.example/hooks/s3cret?token=t0k\" }")
    let tree = try loader().checked(text: text).configuration.tree
    let shown = tree.yaml()
    #expect(shown.contains("url: \"https://***@chat.example/***\""))
    for secret in ["s3cret", "t0k", "pass"] { #expect(!shown.contains(secret)) }
  }

  @Test func aDifferenceNamesTheKeyAndNoAddress() throws {
    func tree(_ keys: String) throws -> ConfigurationTree {
      try loader().checked(text: Self.notify("ops: { url: \(keys) }")).configuration.tree
    }
    let old = try tree("\"https://x.example/one\", for: 5m")
    let new = try tree("\"https://x.example/two\", for: 10m")
    #expect(
      old.differences(to: new).map { "\($0.path): \($0.old ?? "") \($0.new ?? "")" } == [
        "notify.ops.url: \"https://x.example/***\" \"https://x.example/***\"", "notify.ops.for: 5m 10m",
      ])
  }
}
