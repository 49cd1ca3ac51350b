import Foundation
import RelayCore
import RelayHarness
import RelayTools
import Testing

/// Erasing, exporting and verifying, by the commands.
@Suite struct PersonalDataTests {
  private func counts(_ value: String, in files: [String]) -> Int {
    files.reduce(0) { sum, file in
      guard let data = FileManager.default.contents(atPath: file) else { return sum }
      return sum + (data.range(of: Data(value.utf8)) == nil ? 0 : 1)
    }
  }

  @Test func aPersonIsForgottenAndTheStoreIsSound() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort(), status: 503)) { received.note($0) }
    let setting = try Setting(
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(try await sink.start())/", retry: { initial: 4m } } }
      routes: [{ name: all, match: { event: "received*" }, to: crm }]
      """)
    let relay = try setting.start()
    let (url, person) = (try #require(relay.ingestURL()), try #require(Operator(relay)))
    let bodies = [
      ("receivedMessage", "5575999990000"), ("receivedMessage", "5575111111111"), ("other", "5575999990000"),
    ]
    var ids: [String] = []
    for (type, mobile) in bodies {
      ids += try eventIDs(
        try post(envelope((type, #""customer":{"mobile":"\#(mobile)"}"#)), to: url + "/huggy"))
    }
    #expect(received.wait { $0.count >= 2 })
    let files = [setting.database, setting.database + "-wal"]
    #expect(counts("5575999990000", in: files) > 0)

    #expect(try person.run("event", ids[0], "--raw").output == #"{"customer":{"mobile":"5575999990000"}}"#)
    let markdown = try person.run("event", ids[0], "--format", "markdown").output
    #expect(markdown.contains("| crm | pending |") && !markdown.contains("5575"))

    // Who looks for the person writes the number into the audit, and into a replay.
    #expect(
      try person.run("events", "--text", "5575999990000", "--reason", "5575999990000 asked").status == 0)
    #expect(try person.run("replay", "--text", "=+5575999990000", "--to", "crm").status == 0)
    let asked = ["--where", "customer.mobile=5575999990000"]
    let count = try person.run(["erase", "--dry-run"] + asked)
    #expect(count.output.contains("2 events would be erased, 1 delivery cancelled"), "\(count)")
    // Nobody can be asked, whatever a script writes there; and somebody has to say why.
    let unasked = try Setting.run(
      ["erase", "--reason", "ticket 1", "--admin", person.admin] + asked, input: Array("y\n".utf8))
    #expect(unasked.status == 64 && unasked.errors.contains("--yes"), "\(unasked)")
    let unexplained = try person.run(["erase", "--yes"] + asked)
    #expect(unexplained.status == 64 && unexplained.errors.contains("--reason"), "\(unexplained)")
    #expect(counts("5575999990000", in: files) > 0)
    let erased = try person.run(["erase", "--reason", "ticket 1", "--yes"] + asked)
    #expect(erased.status == 0, "\(erased.errors)")
    #expect(erased.output.contains("2 events erased, 1 delivery cancelled"))
    #expect(counts("5575999990000", in: files) == 0)
    #expect(counts("5575111111111", in: files) > 0)
    let audit = try person.run("audit", "--what", "events").output
    #expect(audit.contains(#""text":"[erased]""#) && audit.contains("[erased] asked"), "\(audit)")
    let ends = try person.run("audit", "--what", "erase").output
    #expect(ends.contains("done: 2 (2 events erased, 1 delivery cancelled"), "\(ends)")
    #expect(try person.run("replays").output.contains("text=[erased]"))
    let retried = try person.run("retry", ids[0])
    #expect(retried.output.contains("what the event said was erased"), "\(retried)")

    let gone = try person.run("event", ids[0], "--raw")
    #expect(gone.status == 1 && gone.output.isEmpty && gone.errors.contains("erased"))
    let again = try post(
      envelope((bodies[2].0, #""customer":{"mobile":"5575999990000"}"#)), to: url + "/huggy")
    #expect(String(decoding: again.body, as: UTF8.self).contains(#""duplicate":true"#))

    let export = try person.run("store", "export", "--type", "receivedMessage")
    let lines = export.output.split(separator: "\n")
    #expect(lines.count == 2, "\(export.errors)")
    #expect(lines[0].contains(#""body":null"#) && lines[0].contains("erased"))
    #expect(lines[1].contains(#""body":{"customer":{"mobile":"5575111111111"}}"#))
    let rest = try person.run("store", "export", "--after", ids[0])
    #expect(rest.output.split(separator: "\n").count == 2)

    let file = setting.folder.path + "/events.jsonl"
    #expect(try person.run("store", "export", file, "--type", "receivedMessage").status == 0)
    #expect(FileManager.default.contents(atPath: file) == Data(export.output.utf8))
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    #expect(attributes[.posixPermissions] as? Int == 0o600, "it holds what people wrote")
    let taken = try person.run("store", "export", file)
    #expect(taken.status == 1 && taken.errors.contains("--after"))
    #expect(FileManager.default.contents(atPath: file) == Data(export.output.utf8))
    #expect(try person.run("store", "export", file, "--after", ids[0]).status == 0)
    #expect(FileManager.default.contents(atPath: file) == Data((export.output + rest.output).utf8))

    let running = try Setting.run(["store", "verify", "--config", setting.configuration])
    #expect(running.status == 1 && running.errors.contains("store backup"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    let sound = try Setting.run(["store", "verify", "--config", setting.configuration])
    #expect(sound.status == 0 && sound.output.contains("is sound"), "\(sound)")
    // What was accepted has changed: a bracket of what is left.
    var bytes = try #require(FileManager.default.contents(atPath: setting.database))
    let body = try #require(bytes.range(of: Data(#"{"customer":{"mobile":"5575111111111"#.utf8)))
    bytes[body.lowerBound] = UInt8(ascii: "[")
    try bytes.write(to: URL(fileURLWithPath: setting.database))
    let damaged = try Setting.run(["store", "verify", "--config", setting.configuration])
    #expect(damaged.status == 1 && damaged.output.contains("WRONG  events"), "\(damaged)")
    await sink.stop()
  }
}
