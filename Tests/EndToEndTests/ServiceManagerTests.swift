import Foundation
import RelayCore
import RelayHarness
import Testing

/// What a service manager is told, and what the files in deploy/ make of it.
@Suite struct ServiceManagerTests {
  private func rules(to destination: String, more: String = "") -> String {
    """
    server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", drain: 7s }
    sources: { huggy: {} }
    destinations: { crm: { url: "http://127.0.0.1:9/" } }
    routes: [{ name: all, to: \(destination) }]
    """ + more
  }

  @Test func aServiceManagerIsToldOfReadinessOfReloadsAndOfTheStop() throws {
    let setting = try Setting(rules(to: "crm"))
    let manager = try NotifySocket(setting.folder)
    let relay = try RelayProcess(
      executable: Setting.binary, arguments: ["serve", "--config", setting.configuration],
      environment: ["NOTIFY_SOCKET": manager.path])
    #expect(try manager.next().hasPrefix("READY=1\nSTATUS=listening on 127.0.0.1:"))

    try setting.rewrite(rules(to: "nowhere", more: "\nnonsense: 1\n"))
    relay.send(signal: SIGHUP)
    #expect(try manager.next().wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=\d+/) != nil)
    let failed = try manager.next()
    #expect(failed.hasPrefix("READY=1\nSTATUS=reload failed, the configuration before it stays: "))
    #expect(failed.contains("routes.yaml:4:") && failed.hasSuffix("(and 1 more)"))

    try setting.rewrite(rules(to: "crm", more: "\n"))
    relay.send(signal: SIGHUP)
    #expect(try manager.next().hasPrefix("RELOADING=1"))
    #expect(
      try manager.next().wholeMatch(of: /READY=1\nSTATUS=configuration [0-9a-f]{12} is in force/) != nil)

    relay.send(signal: SIGTERM)
    // A drain that is longer than the unit's own limit is waited for.
    #expect(try manager.next().hasPrefix("STOPPING=1\nEXTEND_TIMEOUT_USEC=17000000\n"))
    #expect(relay.waitForExit() == 0)
  }

  @Test func theUnitsReloadFailsWhenTheFileIsWrong() throws {
    let commands = try Unit().values(of: "ExecReload")
    #expect(!commands.isEmpty)
    let setting = try Setting(rules(to: "crm"))
    let relay = try setting.start()
    let admin = try #require(relay.adminURL())
    func reload() throws -> (status: Int32, errors: String) {
      for command in commands {
        var words = command.split(separator: " ").map(String.init)
        // What is not the relay's own command can't say that the file is wrong.
        guard words.removeFirst() == "/usr/local/bin/huggy-relay" else { continue }
        let said = try Setting.run(words + ["--admin", admin])
        if said.status != 0 { return (said.status, said.errors) }
      }
      return (0, "")
    }
    #expect(try reload().status == 0)
    try setting.rewrite(rules(to: "nowhere"))
    let failed = try reload()
    #expect(failed.status == 78)
    #expect(failed.errors.contains("nowhere"))
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
  }

  @Test func whoStopsItWaitsLongerThanItDrains() throws {
    let drain = Int(ServerSettings().drain.components.seconds)
    #expect(try #require(Unit().seconds("TimeoutStopSec")) > drain)
    let compose = try Deployment.text("compose.yaml")
    let grace = try #require(compose.firstMatch(of: /stop_grace_period: (\d+)s/))
    #expect(try #require(Int(grace.1)) > drain)
  }

  /// As in a container that is started under any user of the group 0, and under another one the next time.
  @Test(.enabled(if: geteuid() == 0, "needs root, to be other users"))
  func anotherUserOfTheSameGroupGoesOnWithTheStore() throws {
    let setting = try Setting(rules(to: "crm"))
    #expect(chmod(setting.folder.path, 0o755) == 0 && chown(setting.folder.path, 0, 0) == 0)
    let state = setting.folder.path + "/state"
    #expect(mkdir(state, 0o770) == 0 && chmod(state, 0o770) == 0 && chown(state, 4_711, 0) == 0)
    for (user, stored) in [("12345", 0), ("54321", 1)] {
      let relay = try RelayProcess(
        executable: "/usr/bin/setpriv",
        arguments: [
          "--reuid", user, "--regid", "0", "--clear-groups", Setting.binary, "serve", "--config",
          setting.configuration,
        ], environment: ["STATE_DIRECTORY": state])
      let url = try #require(relay.ingestURL(), "\(relay.log)")
      let pending = try #require(Operator(relay)).destination("crm")?.pending
      #expect(pending == stored)
      #expect(try post(envelope(("a", #""id":\#(user)"#)), to: url + "/huggy").status == 200)
      // What is left behind is what a crash leaves.
      relay.send(signal: SIGKILL)
      _ = relay.waitForExit()
    }
  }

  /// Where threads can't be given a priority, libdispatch would say so in the journal.
  @Test(.enabled(if: geteuid() == 0, "needs root, for a mount namespace"))
  func nothingIsWrittenToTheJournalButItsOwnLines() throws {
    let setting = try Setting(rules(to: "crm"))
    #expect(chmod(setting.folder.path, 0o777) == 0)
    let journal = try NotifySocket(setting.folder)
    #expect(chmod(journal.path, 0o666) == 0)
    let devices = setting.folder.path + "/dev"
    // A /dev of its own with a /dev/log; an ordinary user, whose threads can't have a higher priority.
    let script = """
      set -e
      mount --make-rprivate /
      mkdir \(devices)
      mount -t tmpfs none \(devices)
      cd \(devices)
      for one in null zero random urandom; do touch $one; mount --bind /dev/$one $one; done
      mkdir shm
      mount --bind /dev/shm shm
      ln -s /proc/self/fd fd
      touch log
      mount --bind \(journal.path) log
      mount --move \(devices) /dev
      exec setpriv --reuid 12345 --regid 12345 --clear-groups \
        \(Setting.binary) serve --config \(setting.configuration)
      """
    let relay = try RelayProcess(
      executable: "/usr/bin/unshare", arguments: ["-m", "sh", "-c", script],
      environment: ["STATE_DIRECTORY": setting.folder.path])
    let person = try #require(Operator(relay), "\(relay.log)")
    // Each of these starts some of libdispatch's threads.
    for _ in 0..<5 { #expect(try person.run("reload").status == 0) }
    relay.send(signal: SIGTERM)
    #expect(relay.waitForExit() == 0)
    #expect(journal.waiting() == [])
  }
}

/// The socket on which a service manager listens.
private final class NotifySocket: Sendable {
  let path: String
  private let descriptor: Int32

  init(_ folder: TemporaryFolder) throws {
    path = folder.path + "/notify"
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard isBound else { throw CocoaError(.fileWriteUnknown) }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// The next message; empty: none came.
  func next() throws -> String { receive(0) ?? "" }

  /// What has come and was not taken.
  func waiting() -> [String] {
    var all: [String] = []
    while let one = receive(Int32(MSG_DONTWAIT)) { all.append(one) }
    return all
  }

  private func receive(_ flags: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &buffer, buffer.count, flags)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}

/// The files that ship with the relay.
private enum Deployment {
  static func text(_ name: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("deploy/\(name)"), encoding: .utf8)
  }
}

/// The systemd unit's assignments.
private struct Unit {
  private let lines: [Substring]

  init() throws {
    lines = try Deployment.text("huggy-relay.service").split(separator: "\n")
  }

  func values(of key: String) -> [String] {
    lines.filter { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  func seconds(_ key: String) -> Int? {
    values(of: key).last.flatMap { $0.hasSuffix("s") ? Int($0.dropLast()) : nil }
  }
}
