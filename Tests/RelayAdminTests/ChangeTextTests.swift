import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see of what they changed, and how numbers, sizes and times are written.
@Suite struct ChangeTextTests {
  private static let plain = Pen(usesColours: false)

  @Test func aChangeSaysHowMany() {
    #expect(ChangeText.retried(ChangedAnswer(changed: 1), asked: nil) == "1 delivery is pending again")
    #expect(
      ChangeText.retriedDead(ChangedAnswer(changed: 0), asked: nil)
        == "0 deliveries are pending again (discarded and overflowed ones: with --state)")
    #expect(
      ChangeText.retried(ChangedAnswer(changed: 1_200), asked: nil) == "1,200 deliveries are pending again")
    #expect(
      ChangeText.retried(ChangedAnswer(changed: 2), asked: 3)
        == "2 of 3 deliveries are pending again; only dead and discarded ones can be retried, as far as max_backlog has "
        + "room for the latter")
    let erased =
      "; 2 deliveries can't be: what the events said was erased (a person's right), and nothing is left to send"
    #expect(
      ChangeText.retried(ChangedAnswer(changed: 1, erased: 2), asked: 3)
        == "1 of 3 deliveries is pending again\(erased)")
    let one = ChangeText.retried(ChangedAnswer(changed: 0, erased: 1), asked: 1)
    #expect(one.contains("; 1 delivery can't be: what the event said was erased (a person's right)"))
    #expect(
      ChangeText.retried(ChangedAnswer(changed: 0), asked: nil).hasPrefix(
        "0 deliveries are pending again: none that is meant is in that state; `deliveries`"))
    #expect(
      ChangeText.retried(ChangedAnswer(changed: 0), asked: 1).hasPrefix("0 of 1 delivery is pending again;"))
    #expect(
      ChangeText.discarded(ChangedAnswer(changed: 0), asked: nil).hasPrefix(
        "0 deliveries discarded: none that is meant is dead"))
    var counts = DeliveryCounts()
    counts.erased = 2
    #expect(
      ChangeText.wouldBe("retried", DryRunAnswer(counts)) == "0 deliveries would be retried\(erased)")
    #expect(ChangeText.discarded(ChangedAnswer(changed: 3), asked: 3) == "3 deliveries discarded")
    #expect(
      ChangeText.discarded(ChangedAnswer(changed: 0), asked: 1)
        == "0 of 1 delivery discarded; what is in flight, delivered or discarded already stays as it is")
  }

  @Test func aReloadSaysWhatIsActive() {
    var report = ReloadReport(
      hash: "0123456789ab", loadedAt: Samples.now, isUnchanged: false, warnings: [],
      needsRestart: ["server.listen"])
    #expect(
      ChangeText.reloaded(ReloadAnswer(report))
        == "configuration 0123456789ab is active\nonly a restart brings: server.listen")
    (report.isUnchanged, report.needsRestart) = (true, [])
    #expect(
      ChangeText.reloaded(ReloadAnswer(report))
        == "configuration 0123456789ab was active already: nothing changed")
  }

  @Test func aReloadSaysWhatItChangedAndWhatOnlyARestartSees() {
    var changes = ConfigurationChanges()
    changes.destinations = ConfigurationChanges.Names(added: ["bi"], removed: ["old"], changed: ["crm"])
    changes.isRouteOrderChanged = true
    changes.limits = ["server.max_body", "store.retention"]
    changes.areSecretsChanged = true
    let report = ReloadReport(
      hash: "h", loadedAt: Samples.now, isUnchanged: false, changes: changes, variables: ["A", "B"],
      warnings: [],
      needsRestart: [])
    #expect(
      ChangeText.reloaded(ReloadAnswer(report)) == """
        configuration h is active
          destinations: +bi -old ~crm
          routes: in another order
          limits: server.max_body store.retention
          secrets: changed
        variables are as they were when the relay started, and only a restart sees others: A, B
        """)
  }

  @Test func manyAreAskedAboutAndFewAreNot() {
    var counts = DeliveryCounts()
    counts.add(60, of: "crm", .dead)
    counts.add(40, of: "bi", .pending)
    #expect(ChangeText.question("discard", DryRunAnswer(counts)) == nil)
    counts.add(of: "crm", .dead)
    #expect(
      ChangeText.question("discard", DryRunAnswer(counts))
        == "discard 101 deliveries (40 pending of bi, 61 dead of crm)? [y/N] ")
    #expect(
      ChangeText.wouldBe("discarded", DryRunAnswer(counts))
        == "101 deliveries would be discarded: 40 pending of bi, 61 dead of crm")
    #expect(ChangeText.wouldBe("retried", DryRunAnswer(DeliveryCounts())) == "0 deliveries would be retried")
    #expect(["y", "Y\n", " yes "].allSatisfy(ChangeText.isYes))
    #expect(["", "n", "no", "yess", nil].allSatisfy { !ChangeText.isYes($0) })
  }

  @Test(arguments: [
    (Duration.milliseconds(999), "0s"), (.seconds(59), "59s"), (.seconds(60), "1m00s"),
    (.seconds(3_599), "59m59s"),
    (.seconds(3_600), "1h00m"), (.seconds(86_399), "23h59m"), (.seconds(90_061), "1d01h"),
    (.seconds(-5), "0s"),
  ])
  func agesHaveTwoUnits(age: Duration, text: String) {
    #expect(age.ageText == text)
  }

  /// A backlog at a pace of almost nothing.
  @Test func aTimeWithoutEndIsStillShown() {
    #expect(1e300.ageText == "11574074d01h")
    #expect(1e300.millisecondsText == "1000000000000000 s")
  }

  @Test(arguments: [
    (0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_536, "1.5 KiB"), (5 << 20, "5 MiB"),
    (10 << 30, "10 GiB"),
  ])
  func sizesHaveOneUnit(bytes: Int, text: String) {
    #expect(bytes.bytesText == text)
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-1_000, "-1,000")])
  func largeNumbersAreGrouped(number: Int, text: String) {
    #expect(number.grouped == text)
  }
}
