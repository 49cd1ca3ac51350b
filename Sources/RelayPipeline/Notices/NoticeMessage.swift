import RelayCore
import RelayJSON

/// A request to a receiver of notices.
package struct NoticeRequest: Sendable, Equatable {
  package var method: String
  package var url: Secret
  /// Each `name: value`.
  package var headers: [String]
  /// nil: a request without a body.
  package var body: [UInt8]?
}

/// What came of it.
package struct NoticeReply: Sendable, Equatable {
  /// nil: there was no answer.
  package var status: Int?
  /// The first of the answer.
  package var body: [UInt8]
  /// Why there was none.
  package var failure: String?

  package init(status: Int?, body: [UInt8] = [], failure: String? = nil) {
    self.status = status
    self.body = body
    self.failure = failure
  }

  package var isTaken: Bool { status.map { (200..<300).contains($0) } ?? false }
  /// In few words: `status 503`, or why there was no answer.
  package var words: String { failure ?? status.map { "status \($0)" } ?? "no answer" }
}

/// Sends notices.
package protocol NoticeSender: Sendable {
  /// Blocks its thread for as long as the request takes, ten seconds at most.
  func send(_ request: NoticeRequest) -> NoticeReply
}

extension NoticeRequest {
  /// - Parameter host: Which machine the relay runs on: several may tell the same receiver.
  init(_ notice: Notice, to receiver: NoticeReceiver, host: String) {
    let text = NoticeText(notice)
    let body: [UInt8] =
      switch receiver.format {
      case .json, .heartbeat: Self.json(notice, text, host: host)
      case .slack: Self.slack(text, host: host)
      }
    self.init(
      method: "POST", url: receiver.url,
      headers: ["content-type: application/json", Self.userAgent, "webhook-id: \(notice.id)"], body: body)
  }

  /// A GET: what every dead man's switch takes.
  static func heartbeat(to receiver: NoticeReceiver) -> NoticeRequest {
    NoticeRequest(method: "GET", url: receiver.url, headers: [userAgent], body: nil)
  }

  /// What `notify test` sends.
  static func sample(to receiver: NoticeReceiver, id: String, at now: Timestamp, host: String)
    -> NoticeRequest
  {
    if receiver.format == .heartbeat { return heartbeat(to: receiver) }
    let message = "This is a test of the relay's notices: if you can read it, they reach you."
    var body: [UInt8] = []
    if receiver.format == .slack {
      body = slack(message, host: host)
    } else {
      body = object([
        ("id", .text(id)), ("type", .text("notice")), ("kind", .text("test")), ("phase", .text("test")),
        ("host", .text(host)), ("subject", .raw("{}")), ("at", .text("\(now)")), ("since", .text("\(now)")),
        ("message", .text(message)), ("what_to_do", .null), ("more", .text("docs/notices.md")),
      ])
    }
    return NoticeRequest(
      method: "POST", url: receiver.url,
      headers: ["content-type: application/json", userAgent, "webhook-id: \(id)"], body: body)
  }

  private static let userAgent = "user-agent: huggy-relay/\(RelayVersion.number)"

  private enum Value {
    case text(String)
    case raw(String)
    case null
  }

  private static func json(_ notice: Notice, _ text: NoticeText, host: String) -> [UInt8] {
    object([
      ("id", .text(notice.id)), ("type", .text("notice")), ("kind", .text(notice.key.kind.rawValue)),
      ("phase", .text(notice.phase.rawValue)), ("host", .text(host)),
      ("subject", .raw(subject(notice.key.subject))), ("at", .text("\(notice.at)")),
      ("since", .text("\(notice.since)")), ("message", .text(text.message)),
      ("what_to_do", text.whatToDo.map { .text($0) } ?? .null), ("more", .text(text.section)),
    ])
  }

  private static func subject(_ subject: NoticeSubject) -> String {
    let member: (String, String)? =
      switch subject {
      case .destination(let name): ("destination", name)
      case .source(let name): ("source", name)
      case .store(let side): ("store", side.rawValue)
      case .relay: nil
      }
    return member.map { String(decoding: object([($0.0, .text($0.1))]), as: UTF8.self) } ?? "{}"
  }

  private static func object(_ members: [(String, Value)]) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for (index, member) in members.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONWriter.appendString(member.0, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      switch member.1 {
      case .text(let text): JSONWriter.appendString(text, to: &bytes)
      case .raw(let json): bytes += Array(json.utf8)
      case .null: bytes += Array("null".utf8)
      }
    }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  private static func slack(_ text: NoticeText, host: String) -> [UInt8] {
    slack([text.message, text.whatToDo].compactMap { $0 }.joined(separator: "\n"), host: host)
  }

  /// `<`, `>` and `&` are marks to Slack, and plain characters elsewhere: they are none in either.
  private static func slack(_ text: String, host: String) -> [UInt8] {
    let plain = "[huggy-relay on \(host)] \(text)".map { character -> String in
      switch character {
      case "<": "‹"
      case ">": "›"
      case "&": "+"
      default: String(character)
      }
    }.joined()
    return object([("text", .text(plain))])
  }
}
