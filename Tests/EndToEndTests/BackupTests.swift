import Foundation
import RelayCore
import RelayHarness
import RelayTools
import Testing

/// A copy of a running relay's store.
@Suite struct BackupTests {
  @Test func aBackupOfARunningRelayIsRestoredAndItsPendingDeliveriesGoOut() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let address = try await sink.start()
    func yaml(paused: Bool) -> String {
      """
      server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      sources: { huggy: {} }
      destinations: { crm: { url: "http://\(address)/", paused: \(paused) } }
      routes: [{ name: all, to: crm }]
      """
    }
    let setting = try Setting(yaml(paused: true))
    var relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    var accepted: [String] = []
    for number in 1...3 { accepted += try answer(to: envelope(("a", "\"id\":\(number)")), at: url).events }
    let file = setting.folder.path + "/copy.db"
    let others = try setting.folder.write("of another run", to: "copy.db.part")
    let made = try person.run("store", "backup", file)
    #expect(made.status == 0, "\(made.errors)")
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let again = try person.run("store", "backup", file)
    #expect(again.status == 1 && again.errors.contains("exists"))
    let told = try person.run("store", "backup", file, "--json")
    #expect(told.errors.hasPrefix(#"{"error":{"code":"file_exists","message":""#))
    #expect(try String(contentsOfFile: others, encoding: .utf8) == "of another run")
    // After the copy: not in it.
    _ = try answer(to: envelope(("a", #""id":4"#)), at: url)
    relay.send(signal: SIGKILL)
    _ = relay.waitForExit()

    // Beside the log that the killed one has left: refused, with the log's name.
    let store = setting.database
    try FileManager.default.removeItem(atPath: store)
    try FileManager.default.copyItem(atPath: file, toPath: store)
    relay = try setting.start()
    #expect(relay.waitForExit() == 1)
    #expect(relay.waitForLine(containing: "relay.db-wal", "restored") != nil)

    for suffix in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: store + suffix) }
    try setting.rewrite(yaml(paused: false))
    relay = try setting.start()
    #expect(received.wait { $0.count == 3 })
    #expect(Set(received.all.compactMap(\.webhookID)) == Set(accepted))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
  }

  /// A proxy's login page, as one may stand where the relay is thought to be.
  @Test func whatAnswersButIsNoRelayGivesNoBackup() async throws {
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { _ in }
    let address = try await sink.start()
    let folder = try TemporaryFolder()
    let file = folder.path + "/copy.db"
    for (json, start) in [
      (false, "http://\(address): what answered sent no copy"), (true, #"{"error":{"code""#),
    ] {
      let made = try Setting.run(
        ["store", "backup", file, "--admin", "http://\(address)"] + (json ? ["--json"] : []))
      #expect(made.status == 69 && made.output == "")
      #expect(made.errors.hasPrefix(start), "\(made.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    await sink.stop()
  }
}
