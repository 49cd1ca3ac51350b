import Foundation
import RelayCore
import RelayHarness
import RelayPostgresSupport
import RelayThreads
import RelayTools
import Testing

@testable import RelayPostgres

/// The real binary over a real PostgreSQL server.
@Suite(
  .enabled(if: PostgresInstallation.isThere, "\(PostgresInstallation.missing)"), .timeLimit(.minutes(15)))
struct PostgresStoreTests {
  private static func yaml(
    _ store: String, sink: ListenAddress? = nil, destination: String = "", admin: String = "127.0.0.1:0"
  ) -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "\(admin)" }
    store: { url: "\(store)", dead_retention: unlimited }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://\(sink ?? ListenAddress(host: "127.0.0.1", port: 9))/", \(destination) } }
    routes: [{ name: all, to: crm }]
    """
  }

  private static let eager = "retry: { initial: 10ms, max_delay: 10ms }, circuit: { probe_every: 100ms }"

  private func execute(_ sql: String, on address: ServerAddress) throws {
    let connection = try PostgresConnection(address, applicationName: "tests", within: .seconds(60))
    defer { connection.close() }
    try connection.execute(sql, within: .seconds(60))
  }

  private func ids(_ requests: [SinkRequest]) -> Set<String> { Set(requests.compactMap(\.webhookID)) }

  // MARK: What a 200 is worth

  @Test func whatIsPendingWhenTheRelayIsKilledGoesOutAfterItsRestartUnderTheSameIDs() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let database = try PostgresServer.shared().database()
    let address = try await sink.start()
    let setting = try Setting(Self.yaml(database.url, sink: address, destination: "paused: true"))
    var relay = try setting.start()
    let url = try #require(relay.ingestURL())
    var accepted: Set<String> = []
    for number in 1...20 {
      accepted.formUnion(try answer(to: envelope(("a", "\"id\":\(number)")), at: url).events)
    }
    let status = try #require(Operator(relay)).get("/api/v1/status")
    #expect(status.contains(#""store":{"kind":"postgres""#))
    relay.send(signal: SIGKILL)
    #expect(relay.waitForExit() == 128 + SIGKILL)

    try setting.rewrite(Self.yaml(database.url, sink: address))
    relay = try setting.start("--wait-for-store", "60s")
    #expect(received.wait { $0.count >= 20 })
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(received.all.count == 20 && ids(received.all) == accepted)
    let verified = try Setting.run(["store", "verify", "--config", setting.configuration])
    #expect(verified.status == 0, "\(verified)")
    await sink.stop()
  }

  @Test func aServerThatIsRestartedUnderLoadCostsRefusalsAndNothingElse() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort())) { received.note($0) }
    let server = try PostgresServer(settings: PostgresServer.unsynced)
    let setting = try Setting(
      Self.yaml(server.url(), sink: try await sink.start(), destination: Self.eager))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let sender = Sender(to: url + "/huggy")
    #expect(sender.wait { $0.accepted.count > 20 })
    try server.stop(.fast)
    #expect(sender.wait { $0.refused > 2 })
    try server.start()
    let before = sender.accepted.count
    #expect(sender.wait { $0.accepted.count > before + 20 })
    sender.stop()
    #expect(sender.others == [], "a sender hears nothing but 200 and 503")
    let accepted = Set(sender.accepted)
    #expect(received.wait { accepted.isSubset(of: ids($0)) })
    #expect(relay.waitForLine(containing: "the store takes no envelopes") != nil)
    #expect(relay.waitForLine(containing: "the store takes envelopes again") != nil)
    #expect(relay.waitForLine(containing: "there is no way to the database server") != nil)
    #expect(relay.waitForLine(containing: "the database server is there again") != nil)
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    await sink.stop()
    try server.stop(.immediate)
  }

  /// As after a fail-over: what it has in memory is no longer what the store has.
  @Test func aRelayWhosePlaceWasTakenEndsSoThatItIsStartedAgain() throws {
    let database = try PostgresServer.shared().database()
    let setting = try Setting(Self.yaml(database.url, admin: "off"))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    #expect(try post(Fixtures.envelope("closed-chat.json"), to: url + "/huggy").status == 200)
    try execute(
      """
      UPDATE \(Schema.name).node SET session = session + 1;
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
      """, on: database.address)
    _ = try? post(Fixtures.envelope("agent-entered.json"), to: url + "/huggy")
    #expect(relay.waitForExit() == 1)
    #expect(relay.log.contains { $0.contains("the store can't be used") && $0.contains("start it again") })
    #expect(
      relay.log.contains { $0.contains("stopping") && $0.contains("0.0 seconds") }, "it waits for nothing")
    let again = try setting.start()
    #expect(again.ingestURL() != nil)
    again.send(signal: SIGTERM)
    #expect(again.waitForExit() == 0)
  }

  @Test func aRelayCanWaitForItsServer() throws {
    let server = try PostgresServer(settings: PostgresServer.unsynced)
    try server.stop()
    let setting = try Setting(Self.yaml(server.url(), admin: "off"))
    let hasty = try setting.start()
    #expect(hasty.waitForExit() == 1)
    #expect(hasty.waitForLine(containing: "the store can't be used", "is it running") != nil)
    let patient = try setting.start("--wait-for-store", "60s")
    #expect(patient.waitForLine(containing: "waiting for the store", "is it running") != nil)
    try server.start()
    #expect(patient.ingestURL() != nil)
    patient.send(signal: SIGTERM)
    #expect(patient.waitForExit() == 0)
    try server.stop(.immediate)
  }

  // MARK: People

  @Test func commandsDoOverItWhatTheyDoOverAFile() async throws {
    let received = Received()
    let sink = Sink(settings: SinkSettings(listen: anyPort(), status: 422)) { received.note($0) }
    let database = try PostgresServer.shared().database()
    let setting = try Setting(Self.yaml(database.url, sink: try await sink.start(), destination: Self.eager))
    let relay = try setting.start()
    let url = try #require(relay.ingestURL())
    let person = try #require(Operator(relay))
    let event = try #require(try answer(to: envelope(("closedChat", "\"id\":1")), at: url).events.first)
    let dead = try await eventually {
      try person.destination("crm")?.dead
    } until: {
      $0 == 1
    }
    #expect(dead == 1)
    func run(_ arguments: String...) throws -> String {
      let ran = try person.run(arguments)
      #expect(ran.status == 0, "\(arguments): \(ran)")
      return ran.output
    }
    #expect(try run("status").contains("store postgres, "))
    #expect(try run("deliveries", "--state", "dead").contains(event))
    #expect(try run("events", event).contains("422"))
    #expect(try run("events", "--type", "closedChat").contains(event))
    #expect(try run("pause", "crm").contains("crm"))
    #expect(try run("retry", "--destination", "crm").contains("1"))
    #expect(try person.destination("crm").map { $0.paused && $0.pending == 1 } == true)
    #expect(try run("replay", event, "--to", "crm", "--again", "--yes").isEmpty == false)
    #expect(try run("resume", "crm").contains("crm"))
    #expect(received.wait { $0.count == 3 }, "the first attempt, the retry, and the replay")
    #expect(Set(received.all.compactMap(\.webhookID)) == [event])
    #expect(try run("store", "export").contains(event))
    #expect(try run("gaps").isEmpty == false)
    let copy = try person.run("store", "backup", setting.folder.path + "/copy")
    #expect(copy.status == 1 && copy.errors.contains("pg_dump"), "\(copy)")
    #expect(try person.metric("huggy_relay_store_read_errors_total") == 0)
    let doctor = try Setting.run(["doctor", "--config", setting.configuration, "--admin", person.admin])
    #expect(doctor.output.contains("1 relay holds the store"), "\(doctor)")
    let verified = try Setting.run(["store", "verify", "--config", setting.configuration, "--json"])
    #expect(verified.status == 0 && verified.output.contains(#""file":null,"url":"postgres://postgres@/"#))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    // What the relay keeps for itself stands where a store that is a file would.
    #expect(FileManager.default.fileExists(atPath: setting.folder.path + "/data/relay.series"))
    try execute("UPDATE \(Schema.name).delivery SET settled = NULL", on: database.address)
    let damaged = try Setting.run(["store", "verify", "--config", setting.configuration])
    #expect(damaged.status == 1 && damaged.output.contains("WRONG  deliveries"), "\(damaged)")
    await sink.stop()
  }

  // MARK: Who can't work with it

  @Test func whatKeepsItFromWorkingIsToldAndNoPasswordIsShown() throws {
    let server = try PostgresServer.shared()
    let (database, readOnly) = (try server.database(), try server.database())
    let role = "guest_\(getpid())"
    try execute(
      """
      DO $$ BEGIN CREATE ROLE with_password; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
      CREATE ROLE \(role) LOGIN PASSWORD 'hunter2' IN ROLE with_password;
      ALTER DATABASE \(readOnly.name) SET default_transaction_read_only = on
      """, on: database.address)
    defer { try? execute("DROP ROLE \(role)", on: database.address) }
    func url(_ database: TestDatabase, password: String) -> String {
      server.url(database: database.name, user: role, password: password)
    }
    let starts = [
      (url(database, password: "hunter3"), "password authentication failed"),
      ("postgres://\(role):hunter2@127.0.0.1:1/d", "is it running"),
      // It may log on, and make no tables.
      (url(database, password: "hunter2"), "may not create the schema"),
      (url(readOnly, password: "hunter2") + "&target_session_attrs=any", "is read-only"),
    ]
    for (url, reason) in starts {
      let setting = try Setting(Self.yaml(url, admin: "off"))
      let relay = try setting.start()
      #expect(relay.waitForExit() == 1)
      #expect(
        relay.log.contains { $0.contains("the store can't be used") && $0.contains(reason) }, "\(relay.log)")
      #expect(!relay.log.contains { $0.contains("hunter") })
      for command in [["check"], ["config", "show"], ["doctor"], ["store", "verify"]] {
        let ran = try Setting.run(command + ["--config", setting.configuration])
        #expect(!"\(ran.output)\(ran.errors)".contains("hunter"), "\(ran)")
        if command == ["doctor"] { #expect(ran.status == 1 && ran.output.contains(reason), "\(ran)") }
      }
    }
    let wrong = try Setting(Self.yaml("postgres://\(role):hunter2@h/d?nonsense=hunter2", admin: "off"))
    let checked = try Setting.run(["check", "--config", wrong.configuration])
    #expect(checked.status == 78 && checked.errors.contains("store.url: the database's address is not right"))
    #expect(!checked.errors.contains("hunter"))
  }
}

/// Posts one envelope after another until it is told to stop.
private final class Sender: Sendable {
  struct State: Sendable {
    var accepted: [String] = []
    var refused = 0
    /// Statuses that are neither.
    var others: [Int] = []
    var isOver = false
  }

  private let state: Monitor<State>
  private let thread: WorkerThread

  init(to url: String) {
    let state = Monitor(State())
    self.state = state
    thread = WorkerThread(name: "sender") {
      var number = 0
      while !state.update({ $0.isOver }) {
        number += 1
        let answer = try? post(envelope(("a", "\"id\":\(number)")), to: url)
        let events = answer.flatMap { try? eventIDs($0) } ?? []
        state.update { state in
          switch answer?.status {
          case 200: state.accepted += events
          case 503: state.refused += 1
          case let status: state.others.append(status ?? 0)
          }
        }
      }
    }
  }

  var accepted: [String] { state.update { $0.accepted } }
  var others: [Int] { state.update { $0.others } }

  func wait(until isEnough: (State) -> Bool) -> Bool {
    state.wait(timeout: .seconds(120)) { isEnough($0) ? true : nil } ?? false
  }

  func stop() {
    state.update { $0.isOver = true }
    thread.join()
  }
}
