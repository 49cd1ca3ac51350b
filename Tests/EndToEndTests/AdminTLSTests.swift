import Foundation
import RelayCurl
import RelayHarness
import RelayTestSupport
import RelayThreads
import RelayTools
import Testing

/// `server.admin_tls`, and the commands that ask such a relay.
@Suite(.timeLimit(.minutes(15))) struct AdminTLSTests {
  private let authority: TestAuthority
  private let pair: TestAuthority.Pair

  init() throws {
    authority = try TestAuthority()
    pair = try authority.issue("relay")
  }

  private func yaml(_ server: String) -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0"\(server) }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://127.0.0.1:9/", paused: true } }
    routes: [{ name: all, to: crm }]
    """
  }

  private func tls(_ more: String = "") -> String {
    ", admin_tls: { certificate: \(pair.certificate), key: \(pair.key)\(more) }"
  }

  /// Somebody who asks all the time, and is to be answered each time.
  private final class Bystander: Sendable {
    private let counts = Monitor((good: 0, bad: [String](), isEnded: false))
    private let thread: WorkerThread

    init(_ url: String, _ tls: ClientTLS) {
      thread = WorkerThread(name: "bystander") { [counts] in
        let client = BlockingClient(tls: tls)
        while !counts.update({ $0.isEnded }) {
          do {
            let answer = try client.send(
              method: "GET", url: url + "/readyz", headers: [], body: nil, timeout: .seconds(30))
            counts.update {
              if answer.status == 200 { $0.good += 1 } else { $0.bad.append("\(answer.status)") }
            }
          } catch {
            counts.update { $0.bad.append("\(error)") }
          }
        }
      }
    }

    /// Returns once it was answered a few times more.
    func goOn() -> Bool {
      let now = counts.update { $0.good }
      return counts.wait(timeout: .seconds(60)) { $0.good > now + 3 ? true : nil } ?? false
    }

    func end() -> [String] {
      counts.update { $0.isEnded = true }
      thread.join()
      return counts.update { $0.bad }
    }
  }

  @Test func theCommandsReachIt() async throws {
    let setting = try Setting(yaml(tls()))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    #expect(admin.hasPrefix("https://127.0.0.1:"))
    let bystander = Bystander(
      admin, ClientTLS(.authorities(file: authority.own.certificate, option: "--admin-ca")))
    let believing = ["--admin", admin, "--admin-ca", authority.own.certificate]
    for command in [["status"], ["gaps"], ["events"], ["reload"]] {
      let done = try Setting.run(command + believing)
      #expect(done.status == 0, "\(command): \(done.errors)")
    }
    let byEnvironment = try Setting.run(
      ["status"],
      environment: ["HUGGY_RELAY_ADMIN": admin, "HUGGY_RELAY_ADMIN_CA": authority.own.certificate])
    #expect(byEnvironment.status == 0, "\(byEnvironment.errors)")

    let unknown = try Setting.run(["status", "--admin", admin])
    #expect(unknown.status == 69 && unknown.errors.contains("with --admin-ca"), "\(unknown.errors)")
    let clear = try Setting.run(["status", "--admin", admin.replacing("https:", with: "http:")])
    #expect(clear.status == 69 && clear.errors.contains("write https://"), "\(clear.errors)")
    #expect(relay.waitForLine(containing: "plain HTTP came to server.admin") != nil)
    let stranger = try TestAuthority("Stranger")
    let wrong = try Setting.run(["status", "--admin", admin, "--admin-ca", stranger.own.certificate])
    #expect(wrong.status == 69 && wrong.errors.contains("is not believed"), "\(wrong.errors)")
    let missing = try Setting.run(["status", "--admin", admin, "--admin-ca", "/no/such.pem"])
    #expect(missing.status == 69 && missing.errors.contains("--admin-ca"), "\(missing.errors)")
    #expect(try Setting.run(["status", "--admin-key", pair.key]).status == 64)

    #expect(bystander.goOn())
    #expect(bystander.end() == [])
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func whoSpeaksTLSToAPlainListenerIsToldSo() throws {
    let setting = try Setting(yaml(""))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    #expect(admin.hasPrefix("http://"))
    let asked = try Setting.run(["status", "--admin", admin.replacing("http:", with: "https:")])
    #expect(asked.status == 69 && asked.errors.contains("write http://"), "\(asked.errors)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func whereItAsksForCertificatesTheCommandsShowOne() throws {
    let (clients, stranger) = (try TestAuthority("Clients"), try TestAuthority("Stranger"))
    let (known, unknown) = (try clients.issue("known"), try stranger.issue("unknown"))
    let setting = try Setting(yaml(tls(", client_ca: \(clients.own.certificate)")))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    let believed = ClientTLS.Believed.authorities(file: authority.own.certificate, option: "--admin-ca")
    let bystander = Bystander(admin, ClientTLS(believed, certificate: known.certificate, key: known.key))
    func status(_ pair: TestAuthority.Pair?) throws -> (status: Int32, output: String, errors: String) {
      try Setting.run(
        ["status", "--admin", admin, "--admin-ca", authority.own.certificate]
          + (pair.map { ["--admin-certificate", $0.certificate, "--admin-key", $0.key] } ?? []))
    }
    let welcome = try status(known)
    #expect(welcome.status == 0, "\(welcome.errors)")
    let unnamed = try status(nil)
    #expect(unnamed.status == 69 && unnamed.errors.contains("--admin-certificate"), "\(unnamed.errors)")
    let foreign = try status(unknown)
    #expect(foreign.status == 69 && foreign.errors.contains("does not take"), "\(foreign.errors)")
    #expect(relay.waitForLine(containing: "the client shows no certificate") != nil)
    #expect(relay.waitForLine(containing: "is of no authority in server.admin_tls.client_ca") != nil)
    #expect(bystander.goOn())
    #expect(bystander.end() == [])
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  /// Who reads the stream is not interrupted, and neither is who keeps its connection.
  @Test func aRenewedCertificateIsTakenAndNobodyIsInterrupted() async throws {
    let renewed = try authority.issue("renewed")
    let setting = try Setting(yaml(tls()))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    let believing = ["--admin", admin, "--admin-ca", authority.own.certificate]
    let bystander = Bystander(
      admin, ClientTLS(.authorities(file: authority.own.certificate, option: "--admin-ca")))
    let tail = try RunningCommand(["tail", "--json", "--kinds", "received"] + believing)
    let ingest = try #require(relay.ingestURL())
    var probes = 0
    _ = try await eventually {
      probes += 1
      _ = try post(envelope(("probe", #""id":\#(probes)"#)), to: ingest + "/huggy")
      return !tail.lines.isEmpty
    } until: {
      $0
    }
    for (file, new) in [(pair.certificate, renewed.certificate), (pair.key, renewed.key)] {
      try FileManager.default.removeItem(atPath: file)
      try FileManager.default.copyItem(atPath: new, toPath: file)
    }
    #expect(relay.waitForLine(containing: "server.admin_tls: the files have changed, and are taken") != nil)
    // Only who has the new one is believed so.
    let pinned = BlockingClient(tls: ClientTLS(.certificate(file: renewed.certificate)))
    let answer = try pinned.send(
      method: "GET", url: admin + "/healthz", headers: [], body: nil, timeout: .seconds(30))
    #expect(answer.status == 200)
    _ = try post(envelope(("after", #""id":"after the renewal""#)), to: ingest + "/huggy")
    #expect(tail.waitForLine(containing: #""type":"after""#), "\(tail.errors)")
    #expect(!tail.errors.contains("going on"), "\(tail.errors)")
    tail.end()
    #expect(bystander.goOn())
    #expect(bystander.end() == [])
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func aReloadTakesItAndDoctorFollowsTheFile() async throws {
    let host = anyPortOfOwnHost().host
    func text(_ port: Int, _ tls: String) -> String {
      yaml(tls).replacing("admin: \"127.0.0.1:0\"", with: "admin: \"\(host):\(port)\"")
    }
    let setting = try Setting(text(0, tls()))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    let port = try #require(admin.split(separator: ":").last.flatMap { Int($0) })
    // The certificate is for another address: the file says which it is.
    try setting.rewrite(text(port, tls()))
    let doctor = try Setting.run(["doctor", "--config", setting.configuration])
    #expect(doctor.output.contains("https://\(host):\(port): ready"), "\(doctor.output)")

    try setting.rewrite(text(port, ""))
    relay.send(signal: SIGHUP)
    #expect(relay.waitForLine(containing: "reloaded", "server.admin_tls") != nil)
    let plain = try Setting.run(["status", "--admin", "http://\(host):\(port)"])
    #expect(plain.status == 0, "\(plain.errors)")

    let other = try authority.issue("other")
    try setting.rewrite(text(port, tls().replacing(pair.key, with: other.key)))
    let wrong = try Setting.run(["reload", "--admin", "http://\(host):\(port)"])
    #expect(wrong.status == 78 && wrong.errors.contains("server.admin_tls: key: "), "\(wrong.errors)")
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }
}
