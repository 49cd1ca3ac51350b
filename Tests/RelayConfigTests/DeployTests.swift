import Foundation
import RelayConfig
import RelayCore
import Testing

/// What `deploy` and the pages about it say of paths is what the relay does.
@Suite struct DeployTests {
  private static func text(_ path: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return try String(contentsOf: root.appending(path: path).standardizedFileURL, encoding: .utf8)
  }

  /// The store of a service that runs by the unit, with a file that says nothing about the store.
  private static func storeOfTheUnit() throws -> String {
    let unit = try text("deploy/huggy-relay.service")
    let key = "StateDirectory="
    let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix(key) })
    let settings = try configuration(
      of: oneSource, environment: ["STATE_DIRECTORY": "/var/lib/" + line.dropFirst(key.count)]
    ).store
    guard case .sqlite(let path) = settings.location else { throw CocoaError(.featureUnsupported) }
    return path
  }

  /// The commands as they stand, but for the service, the time and the two folders: run twice on a store with its log.
  @Test func theCommandsThatRestoreABackupPutItInThePlaceOfTheStore() throws {
    let page = try Self.text("docs/operations.md")
    let commands = try #require(page.split(separator: "### Restore\n").last)
      .split(separator: "\n").prefix { $0.hasPrefix("    ") }.joined(separator: "\n")
    let root = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = root + (try Self.storeOfTheUnit())
    let folder = (store as NSString).deletingLastPathComponent
    for (path, contents) in [
      (store, "old"), (store + "-wal", "log"), (store + ".mark", "mark"),
      (root + "/backup/relay-2026-11-28.db", "copy"),
    ] {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try Data(contents.utf8).write(to: URL(filePath: path))
    }
    func restore(at time: String) throws -> Int32 {
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = [
        "-c",
        "systemctl() { echo $1 > \(root)/service; }\ndate() { echo \(time); }\n"
          + commands.replacing("cd /var", with: "cd \(root)/var").replacing(
            "/backup/", with: "\(root)/backup/"),
      ]
      try shell.run()
      shell.waitUntilExit()
      return shell.terminationStatus
    }
    #expect(try restore(at: "1") == 0)
    #expect(try String(contentsOfFile: store, encoding: .utf8) == "copy")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["before-1", "relay.db"])
    #expect(FileManager.default.fileExists(atPath: folder + "/before-1/relay.db-wal"))

    // A second one keeps what both have replaced. One that fails starts no relay: it would make an empty store.
    try Data("since".utf8).write(to: URL(filePath: store))
    #expect(try restore(at: "2") == 0)
    #expect(try String(contentsOfFile: folder + "/before-1/relay.db", encoding: .utf8) == "old")
    #expect(try String(contentsOfFile: folder + "/before-2/relay.db", encoding: .utf8) == "since")
    #expect(try String(contentsOfFile: root + "/service", encoding: .utf8) == "start\n")
    try FileManager.default.removeItem(atPath: root + "/backup/relay-2026-11-28.db")
    #expect(try restore(at: "3") != 0)
    #expect(try String(contentsOfFile: root + "/service", encoding: .utf8) == "stop\n")
  }

  /// A single file that is mounted stays the old one when another is put in its place, and no reload sees that.
  @Test(arguments: ["deploy/compose.yaml", "deploy/Dockerfile"])
  func theFolderOfTheConfigurationIsMountedAndNotTheFile(path: String) throws {
    let text = try Self.text(path)
    #expect(text.contains("target: /etc/huggy-relay,") || text.contains(":/etc/huggy-relay:ro"))
    #expect(!text.contains(":/etc/huggy-relay/") && !text.contains("target: /etc/huggy-relay/"))
    #expect(!text.contains("HUGGY_TOKEN"), "the example asks for more than one secret")
  }

  /// What compose.yaml mounts stands beside it, or is made by the script that its head names; and that is a file that the relay takes.
  @Test func whatTheContainersMountIsThereOnceItIsPrepared() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
      .standardizedFileURL
    let copy = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: copy) }
    try FileManager.default.copyItem(at: root.appending(path: "deploy"), to: copy)
    for made in ["config", "secrets", "routes.env"] {
      try? FileManager.default.removeItem(at: copy.appending(path: made))
    }
    func prepare() throws -> Int32 {
      let script = Process()
      script.executableURL = copy.appending(path: "prepare-compose")
      script.standardOutput = Pipe()
      try script.run()
      script.waitUntilExit()
      return script.terminationStatus
    }
    #expect(try prepare() == 0)
    let environment = try String(contentsOf: copy.appending(path: "routes.env"), encoding: .utf8)
    // Twice is as good as once.
    #expect(try prepare() == 0)
    #expect(try String(contentsOf: copy.appending(path: "routes.env"), encoding: .utf8) == environment)

    let compose = try Self.text("deploy/compose.yaml")
    let mounted = compose.matches(of: /(?:source: |- |file: )\.\/([^\s,:}]+)/).map { String($0.1) }
    #expect(mounted.count >= 6)
    for path in mounted {
      #expect(FileManager.default.fileExists(atPath: copy.appending(path: path).path), "\(path)")
    }
    var values = ["LISTEN": "0.0.0.0:8080", "ADMIN_LISTEN": "0.0.0.0:8081"]
    for line in environment.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      values[String(parts[0])] = String(parts[1])
    }
    let routes = try String(contentsOf: copy.appending(path: "config/routes.yaml"), encoding: .utf8)
      .replacing("/run/secrets/", with: copy.path + "/secrets/")
    let server = try configuration(of: routes, environment: values).server
    #expect(server.adminHosts == ["huggy-relay"])
    #expect(try Self.text("deploy/prometheus/prometheus.yml").contains("\"huggy-relay:8081\""))
  }

  /// Only who is told to opens it to others.
  @Test func thePortsOfTheContainersAreOnLoopback() throws {
    let compose = try Self.text("deploy/compose.yaml")
    let lists = compose.matches(of: /\n    ports: \[(.*)\]/).map { String($0.1) }
    #expect(lists.count == 4)
    for port in lists.flatMap({ $0.split(separator: ", ") }) {
      #expect(port.hasPrefix("\"127.0.0.1:") || port.hasPrefix("\"${BIND:-127.0.0.1}:"), "\(port)")
    }
  }

  /// A start that is killed after 90 s, as it is by default, begins anew each time.
  @Test func theUnitLetsAStartTakeItsTime() throws {
    #expect(try Self.text("deploy/huggy-relay.service").contains("\nTimeoutStartSec=infinity\n"))
  }

  /// Without it the relay can't tell its own restart from the machine's.
  @Test func theUnitShowsTheRelayWhichRunOfTheMachineItIs() throws {
    #expect(!(try Self.text("deploy/huggy-relay.service")).contains("\nProcSubset="))
  }
}
