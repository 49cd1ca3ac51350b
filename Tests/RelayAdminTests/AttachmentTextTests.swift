import RelayCore
import RelayPipeline
import Testing

@testable import RelayAdmin

/// What people see of the files of events.
@Suite struct AttachmentTextTests {
  private static let plain = Pen(usesColours: false)

  @Test func anEventSaysWhatBecameOfEachFile() {
    var report = Samples.event()
    let file = AttachmentFile(
      hash: String(repeating: "ab", count: 32), bytes: 2_048, contentType: "image/png",
      name: "secret name.png")
    report.attachments = [
      RelayCore.Attachment(event: Samples.eventID, place: 0, state: .fetched(file)),
      RelayCore.Attachment(
        event: Samples.eventID, place: 1, state: .failed(reason: "the origin answered 410")),
      RelayCore.Attachment(event: Samples.eventID, place: 2, state: .pending),
      RelayCore.Attachment(event: Samples.eventID, place: 3, state: .ended),
      RelayCore.Attachment(
        event: Samples.eventID, place: 4, state: .pending, lastFailure: "the origin answered 503"),
    ]
    let text = EventText.render(EventAnswer(report), now: Samples.now, pen: Self.plain)
    for line in [
      "file 0: fetched, 2 KiB, image/png, sha256 abababababababab…",
      "file 1: failed, the origin answered 410",
      "file 2: pending\n", "file 3: ended\n", "file 4: pending, the last try failed: the origin answered 503",
    ] {
      #expect((text + "\n").contains("  \(line)"), "\(line) in \(text)")
    }
    #expect(!text.contains("secret name"))
  }

  @Test func anIndexThatCantBeReadIsNoEventWithoutFiles() {
    var report = Samples.event()
    report.attachments = nil
    let answer = EventAnswer(report)
    #expect(
      EventText.render(answer, now: Samples.now, pen: Self.plain).contains(
        "what became of its files can't be read"))
    #expect(answer.attachments == nil)
  }

  @Test func theStatusSaysWhatIsKeptAndWhatWasLost() {
    var status = Samples.status
    #expect(!text(status).contains("attachments"))
    var standing = AttachmentStanding()
    standing.bytes = ["huggy": 1_024, "branches": 1_024]
    standing.counts = [.fetched: 3]
    status.attachments = standing
    #expect(text(status).contains("attachments 2 KiB, 3 fetched"))
    #expect(!text(status).contains("not fetched"))
    standing.pending = 1_200
    standing.counts[.expired] = 1
    standing.lastLoss = "evt_1: the link had expired"
    standing.problem = "the disk is broken"
    status.attachments = standing
    #expect(text(status).contains("attachments 2 KiB, 1,200 to be fetched, 3 fetched"))
    #expect(text(status).contains("1 attachment was not fetched, the last one evt_1: the link had expired"))
    #expect(text(status).contains("no attachments are fetched or kept: the disk is broken"))
  }

  private func text(_ status: RelayStatus) -> String {
    StatusText.render(StatusAnswer(status, now: Samples.now), now: Samples.now, pen: Self.plain)
  }
}
