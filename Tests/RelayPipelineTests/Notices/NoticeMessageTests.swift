import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

@Suite struct NoticeMessageTests {
  private static let subjects: [NoticeSubject] =
    [.destination("crm"), .source("huggy"), .relay] + NoticeSubject.StoreSide.allCases.map { .store($0) }

  private func json(_ request: NoticeRequest) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(request.body ?? []))
    return try #require(object as? [String: Any])
  }

  @Test func jsonSaysAllThatThereIs() throws {
    let request = NoticeRequest(
      NoticeSamples.notice("notice_1"), to: NoticeSamples.receiver(), host: "relay-1")
    #expect(request.method == "POST")
    #expect(request.headers.contains("webhook-id: notice_1"))
    #expect(request.headers.contains("content-type: application/json"))
    let object = try json(request)
    #expect(object["subject"] as? [String: String] == ["destination": "crm"])
    #expect(object["what_to_do"] as? String != nil)
    var texts = object.compactMapValues { $0 as? String }
    texts["what_to_do"] = nil
    #expect(
      texts == [
        "id": "notice_1", "type": "notice", "kind": "down", "phase": "began", "host": "relay-1",
        "at": "2026-01-02T03:05:05.000Z", "since": "2026-01-02T03:04:05.000Z",
        "message": "Destination crm is down, since 2026-01-02 03:04:05 UTC: status 503.",
        "more": "docs/operations.md#destination-down",
      ])
  }

  @Test func anEndSaysHowLongItLastedAndThatNothingIsToBeDone() throws {
    let request = NoticeRequest(
      NoticeSamples.notice("a", .down, .ended), to: NoticeSamples.receiver(), host: "h")
    let object = try json(request)
    #expect(object["message"] as? String == "Destination crm is up again, after 1 min: status 503.")
    #expect(object["what_to_do"] is NSNull)
  }

  @Test func slackIsTextAloneWithoutItsOwnMarks() throws {
    var notice = NoticeSamples.notice("a")
    notice.detail = "<!channel> & more"
    let object = try json(
      NoticeRequest(notice, to: NoticeSamples.receiver { $0.format = .slack }, host: "h"))
    #expect(object.count == 1)
    let text = try #require(object["text"] as? String)
    #expect(text.hasPrefix("[huggy-relay on h] Destination crm is down") && text.contains("\n"))
    #expect(!text.contains { "<>&".contains($0) })
  }

  /// A name can stand at a mark's place, and what a configuration's error quotes can be anything.
  @Test(arguments: [
    ("Destination _crm_ is down", "Destination ˍcrmˍ is down"),
    ("no envelope for quiet_after", "no envelope for quiet_after"),
    ("'*Message' or 'created*'", "'∗Message' or 'created∗'"),
    ("~a~ `b` __c__", "∼a∼ 'b' ˍˍcˍˍ"),
    ("@channel, <!here>, ana@example.com", "＠channel, ‹!here›, ana@example.com"),
  ]) func nothingThatItNamesIsAMarkOfSomeChat(text: String, shown: String) {
    #expect(ChatText.plain(text) == shown)
  }

  @Test func aCommandCanBeCopiedFromAChat() throws {
    let notice = NoticeSamples.notice("a", .down, .began, .destination("_crm_"))
    let receiver = NoticeSamples.receiver { $0.format = .slack }
    let object = try json(NoticeRequest(notice, to: receiver, host: "h"))
    let lines = try #require(object["text"] as? String).split(separator: "\n")
    #expect(lines[0].contains("Destination ˍcrmˍ is down"))
    #expect(lines[1].contains("`huggy-relay test _crm_`"))
  }

  @Test(arguments: [
    (NoticeKind.down, "Destination crm is still down, since"),
    (.late, "Destination crm is still late, since"),
    (.certificate, "Destination crm still has a certificate that ends soon, since"),
  ]) func whatGoesOnIsSaidToGoOn(kind: NoticeKind, text: String) {
    #expect(NoticeText(NoticeSamples.notice("a", kind, .repeated)).message.hasPrefix(text))
  }

  @Test func aHeartbeatIsAPlainGET() {
    let request = NoticeRequest.heartbeat(to: NoticeSamples.receiver { $0.format = .heartbeat })
    #expect(request.method == "GET" && request.body == nil)
    #expect(request.headers == ["user-agent: huggy-relay/\(RelayVersion.number)"])
  }

  @Test(arguments: NoticeKind.allCases, Notice.Phase.allCases)
  func eachKindSaysWhatToDoAndHoldsNoSecret(kind: NoticeKind, phase: Notice.Phase) throws {
    for subject in Self.subjects {
      for format in [NoticeReceiver.Format.json, .slack] {
        let receiver = NoticeSamples.receiver { $0.format = format }
        let request = NoticeRequest(NoticeSamples.notice("a", kind, phase, subject), to: receiver, host: "h")
        let text = String(decoding: request.body ?? [], as: UTF8.self)
        #expect(!text.contains("s3cret") && !request.headers.contains { $0.contains("s3cret") })
        #expect(
          NoticeText(NoticeSamples.notice("a", kind, phase, subject)).whatToDo == nil || phase != .ended)
        _ = try json(request)
      }
    }
  }

  @Test(arguments: [
    (0, "0 s"), (59, "59 s"), (60, "1 min"), (3_725, "1 h 2 min"), (86_400, "1 d"), (90_061, "1 d 1 h"),
  ]) func timesAreSaidInTheirTwoLargestUnits(seconds: Int, text: String) {
    #expect(NoticeText.length(.seconds(seconds)) == text)
  }

  @Test func aDetailIsCutAndOnOneLine() {
    let notice = Notice(
      id: "a", key: NoticeSamples.key(.down), phase: .began, at: .second(0), since: .second(0),
      detail: "a\nb" + String(repeating: "é", count: 200))
    #expect(notice.detail.utf8.count <= Notice.maxDetailBytes && notice.detail.hasPrefix("a bé"))
    #expect(notice.detail.hasSuffix("…"))
  }
}
