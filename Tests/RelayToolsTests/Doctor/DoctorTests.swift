import Foundation
import RelayCore
import RelayHarness
import RelaySystem
import RelayThreads
import Testing

@testable import RelayTools

@Suite(.timeLimit(.minutes(15))) struct DoctorTests {
  private func levels(_ findings: [Finding]) -> [Finding.Level] { findings.map(\.level) }

  // MARK: All at once

  /// Broken by a run that waits for each.
  @Test func oneThatHangsIsAFailureAndHoldsUpNoOther() {
    let end = Monitor(false)
    let found = Examination([
      .init("quick") { [.ok("quick", "fine")] },
      .init("stuck") {
        _ = end.wait { $0 ? true : nil }
        return []
      },
      .init("last") { [.ok("last", "fine")] },
    ]).run(within: .milliseconds(300))
    end.update { $0 = true }
    #expect(found.map(\.subject) == ["quick", "stuck", "last"])
    #expect(levels(found) == [.ok, .fail, .ok])
  }

  @Test func moreChecksThanThreadsAreAllMade() {
    let found = Examination(
      (0..<100).map { number in .init("\(number)") { [.ok("\(number)", "fine")] } }
    ).run(within: .seconds(60))
    #expect(found.map(\.subject) == (0..<100).map { "\($0)" } && levels(found).allSatisfy { $0 == .ok })
  }

  @Test func whatIsShownIsALineEachWithWhatToDo() {
    let findings = Findings([.ok("disk", "fast"), .fail("destination crm", "no\u{1B}[31m", "mend it")])
    #expect(
      findings.text() == """
        OK    disk             fast
        FAIL  destination crm  no\u{FFFD}[31m
                               -> mend it

        1 OK, 1 FAIL
        """)
    #expect(findings.hasFailed)
    #expect(
      String(decoding: Findings([.warn("a", "b", nil)]).json, as: UTF8.self)
        == #"{"ok":true,"findings":[{"level":"warn","subject":"a","message":"b","advice":null}]}"#)
  }

  // MARK: The data directory

  private func settings(_ folder: String) -> StoreSettings {
    var settings = StoreSettings()
    settings.location = .sqlite(path: "\(folder)/relay.db")
    settings.maxBytes = 16 << 20
    return settings
  }

  private func look(at folder: String) -> [Finding] {
    Examination(DataFolder(database: "\(folder)/relay.db", maxBytes: 16 << 20).checks).run(
      within: .seconds(60))
  }

  @Test func aFolderThatIsThereIsMeasured() throws {
    let folder = try TemporaryFolder()
    let found = look(at: folder.path)
    #expect(
      Set(found.map(\.subject)).isSuperset(of: ["data directory", "file system", "free space", "disk"]))
    #expect(found.contains { $0.subject == "disk" && $0.message.contains("a sync takes") }, "\(found)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path) == [], "it leaves nothing behind")
  }

  @Test func aFolderThatIsNotThereYetIsNoFailure() throws {
    let found = look(at: try TemporaryFolder().path + "/a/b")
    #expect(levels(found) == [.warn] && found[0].message.contains("is not there yet"))
  }

  @Test func aFileInTheFoldersPlaceIsOne() throws {
    let folder = try TemporaryFolder()
    let found = look(at: try folder.write("", to: "data"))
    #expect(found.first?.level == .fail && found[0].message.contains("is no folder"))
  }

  @Test func aStoreThatAnybodyMayReadIsWarnedOf() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "relay.db")
    chmod(file, 0o644)
    #expect(look(at: folder.path).contains { $0.level == .warn && $0.message.contains("anybody may read") })
    chmod(file, 0o600)
    #expect(!look(at: folder.path).contains { $0.message.contains("anybody may read") })
  }

  @Test func aFolderThatAnybodyMayWriteToIsWarnedOf() throws {
    let folder = try TemporaryFolder()
    chmod(folder.path, 0o777)
    let found = look(at: folder.path)
    #expect(found[0].level == .warn && found[0].message.contains("can be written by anybody"))
    #expect(found[0].advice?.contains("chmod o-w") == true)
  }

  /// Nothing but a person removes one.
  @Test func eachCopyThatIsKeptIsNamedWithItsSizeAndHowItIsRemoved() throws {
    let copy = KeptCopy(
      path: "/a/relay.db.before-schema-3", bytes: 3 << 29, written: Timestamp(microseconds: 86_400_000_000),
      removal: "rm /a/relay.db.before-schema-3")
    let folder = try TemporaryFolder()
    let found = Examination(
      DataFolder(database: "\(folder.path)/relay.db", maxBytes: 16 << 20, copies: { [copy, copy] }).checks
    ).run(
      within: .seconds(60)
    ).filter { $0.subject == "copy of the store" }
    #expect(found.count == 2 && levels(found) == [.warn, .warn])
    #expect(found[0].message.hasPrefix("/a/relay.db.before-schema-3, 1.5 GiB, of 1970-01-02"))
    #expect(found[0].advice?.hasSuffix(": rm /a/relay.db.before-schema-3") == true)
  }

  @Test(arguments: [
    (1 << 40, 0, Finding.Level.ok), (9 << 30, 1 << 30, .ok), (9 << 30, 0, .warn),
    (100 << 20, 10 << 30, .fail),
  ])
  func theRoomIsHeldAgainstTheStoresLimit(available: Int, held: Int, level: Finding.Level) {
    #expect(
      DataFolder.room(available: available, held: held, maxBytes: 10 << 30, path: "data").level == level)
  }

  @Test func aSlowDiskIsWarnedOfByItsMedian() {
    #expect(DiskSpeed.finding([.milliseconds(1), .milliseconds(2), .seconds(1)]).level == .ok)
    let slow = DiskSpeed.finding([.milliseconds(60), .milliseconds(70), .milliseconds(80)])
    #expect(slow.level == .warn && slow.message.contains("70.0 ms"))
  }

  /// It says what is on it before it is: a power cut takes what was answered with 200.
  @Test func aDiskThatIsTooFastToBeOneIsSaidToBe() {
    let found = DiskSpeed.finding([.microseconds(5), .microseconds(6), .milliseconds(9)])
    #expect(found.level == .ok && found.message.contains("can't be a disk"))
    #expect(!DiskSpeed.finding([.microseconds(15)]).message.contains("can't be a disk"))
  }

  // MARK: The machine

  @Test func aClockThatNobodyKeepsIsWarnedOf() {
    let kept = ClockDiscipline(isSynchronized: true, estimatedError: .milliseconds(2))
    #expect(MachineChecks.clock(kept).level == .ok && MachineChecks.clock(kept).message.contains("2 ms"))
    #expect(MachineChecks.clock(ClockDiscipline(isSynchronized: false, estimatedError: .zero)).level == .warn)
    #expect(ClockDiscipline.now() != nil)
  }

  @Test func proxiesOfTheEnvironmentAreNamed() {
    #expect(MachineChecks.proxies(["PATH": "/bin", "http_proxy": ""]).level == .ok)
    let used = MachineChecks.proxies(["HTTPS_PROXY": "http://ana:s3cret@proxy:3128"])
    #expect(used.level == .ok && used.message == "of the environment: http://proxy:3128 for https:")
    let unused = MachineChecks.proxies(["ALL_PROXY": "http://ana:s3cret@proxy:3128"])
    #expect(unused.level == .warn && unused.message == "ALL_PROXY is set, and not used")
    let wrong = MachineChecks.proxies(["http_proxy": "socks5://ana:s3cret@proxy:1080"])
    #expect(wrong.level == .fail && wrong.message == "http_proxy is no proxy that can be used")
  }

  @Test func openFilesAreHeldAgainstWhatTheConfigurationMayNeed() {
    var configuration = Configuration()
    configuration.server.maxConnections = 100
    configuration.destinations = [Destination(name: "crm", url: Secret("http://crm/"))]
    #expect(MachineChecks.filesNeeded(configuration) == 100 + 2 * 16 + 64)
    #expect(MachineChecks.openFiles(limit: 195, whose: "a", needed: 196).level == .warn)
    #expect(MachineChecks.openFiles(limit: 196, whose: "a", needed: 196).level == .ok)
    let mine = MachineChecks.openFiles(configuration, process: getpid())
    #expect(mine.message.contains("process \(getpid())"))
  }

  /// A lock stays where its process was killed; its number may be another's by now, but only of one that runs.
  @Test func theRelaysProcessIsTheOneThatTheLockNamesIfItRuns() throws {
    let folder = try TemporaryFolder()
    #expect(MachineChecks.process(of: settings(folder.path)) == nil)
    _ = try folder.write("\(getpid()) 12345\n", to: "relay.db.lock")
    #expect(MachineChecks.process(of: settings(folder.path)) == getpid())
    // No system has so many.
    _ = try folder.write("2147483647\n", to: "relay.db.lock")
    #expect(MachineChecks.process(of: settings(folder.path)) == nil)
  }

  @Test func aPortThatIsTakenIsAFailure() async throws {
    try await withSink { _, address, _ in
      let taken = MachineChecks.port(address, key: "server.listen")
      #expect(levels(taken) == [.fail] && taken[0].message.contains("server.listen"))
    }
    #expect(MachineChecks.port(ListenAddress(host: "127.0.0.1", port: 0), key: "server.listen").isEmpty)
  }

  // MARK: Destinations

  private static let now = Timestamp(microseconds: 1_800_000_000_000_000)

  private func findings(
    _ report: ProbeReport, _ change: (inout Destination) -> Void = { _ in }
  ) -> [Finding] {
    var destination = Destination(name: "crm", url: Secret("https://crm/"))
    change(&destination)
    return DestinationCheck(destination, prober: NoProber(), now: Self.now).findings(report)
  }

  private func report(days: Int?) -> ProbeReport {
    ProbeReport(
      times: .init(nameLookup: .milliseconds(3), connected: .milliseconds(5), total: .milliseconds(9)),
      peer: "192.0.2.1:443",
      certificate: days.map {
        .init(subject: "CN=crm", end: Self.now.advanced(by: .seconds($0 * 86_400 + 60)), chainLength: 2)
      })
  }

  @Test func aCertificateThatEndsSoonIsWarnedOf() {
    #expect(levels(findings(report(days: 90))) == [.ok, .ok])
    let soon = findings(report(days: 20))
    #expect(levels(soon) == [.ok, .warn] && soon[1].message.contains("20 days"))
  }

  @Test func aClientCertificateThatEndsSoonIsWarnedOfToo() {
    var report = report(days: 90)
    report.clientCertificate = self.report(days: 20).certificate
    let found = findings(report)
    #expect(levels(found) == [.ok, .ok, .warn])
    #expect(found[2].message.hasPrefix("client certificate: CN=crm ends in 20 days"))
  }

  @Test func whoIsNotVerifiedIsWarnedOf() {
    #expect(levels(findings(report(days: nil)) { $0.tls.verifies = false }) == [.ok, .warn])
  }

  @Test func aSlowNameServerIsWarnedOf() {
    var report = report(days: nil)
    report.times.nameLookup = .seconds(5)
    #expect(levels(findings(report)) == [.ok, .warn])
  }

  @Test(arguments: TransportFailure.Kind.allCases)
  func eachFailureHasItsAdvice(_ kind: TransportFailure.Kind) {
    let found = findings(
      ProbeReport(failure: TransportFailure(kind: kind, message: "x"), times: .init(total: .zero)))
    #expect(levels(found) == [.fail] && found[0].advice?.isEmpty == false)
  }
}

private struct NoProber: DestinationProber {
  func send(_ request: AttemptRequest, to destination: Destination) -> ProbeReport {
    ProbeReport(times: .init(total: .zero))
  }
  func connect(to destination: Destination, within limit: Duration) -> ProbeReport {
    ProbeReport(times: .init(total: .zero))
  }
}
