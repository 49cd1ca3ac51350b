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
  package var network = NetworkPolicy()
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
    let message = Message(
      id: notice.id, kind: notice.key.kind.rawValue, phase: notice.phase.rawValue,
      subject: notice.key.subject,
      at: notice.at, since: notice.since, text: text.message, whatToDo: text.whatToDo, section: text.section)
    self.init(message, to: receiver, host: host)
  }

  private init(_ message: Message, to receiver: NoticeReceiver, host: String) {
    let body =
      switch receiver.format {
      case .json, .heartbeat: message.json(host: host)
      case .slack: message.slack(host: host)
      }
    self.init(
      method: "POST", url: receiver.url,
      headers: ["content-type: application/json", Self.userAgent, "webhook-id: \(message.id)"], body: body,
      network: receiver.network)
  }

  /// A GET: what every dead man's switch takes.
  static func heartbeat(to receiver: NoticeReceiver) -> NoticeRequest {
    NoticeRequest(
      method: "GET", url: receiver.url, headers: [userAgent], body: nil, network: receiver.network)
  }

  /// What `notify test` sends.
  static func sample(to receiver: NoticeReceiver, id: String, at now: Timestamp, host: String)
    -> NoticeRequest
  {
    if receiver.format == .heartbeat { return heartbeat(to: receiver) }
    let message = Message(
      id: id, kind: "test", phase: "test", subject: .relay, at: now, since: now,
      text: "This is a test of the relay's notices: if you can read it, they reach you.", whatToDo: nil,
      section: "docs/notices.md")
    return NoticeRequest(message, to: receiver, host: host)
  }

  private static let userAgent = "user-agent: huggy-relay/\(RelayVersion.number)"
}

/// What a notice or a sample says, whatever its form.
private struct Message {
  var id: String
  var kind: String
  var phase: String
  var subject: NoticeSubject
  var at: Timestamp
  var since: Timestamp
  var text: String
  var whatToDo: String?
  /// Where it is explained, in the relay's documentation.
  var section: String

  private enum Value {
    case text(String)
    case raw(String)
    case null
  }

  func json(host: String) -> [UInt8] {
    Self.object([
      ("id", .text(id)), ("type", .text("notice")), ("kind", .text(kind)), ("phase", .text(phase)),
      ("host", .text(host)), ("subject", .raw(Self.subject(subject))), ("at", .text("\(at)")),
      ("since", .text("\(since)")), ("message", .text(text)),
      ("what_to_do", whatToDo.map { .text($0) } ?? .null), ("more", .text(section)),
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

  /// The text is data, in which nothing is a mark; what to do is the relay's own, and has its commands between backticks.
  func slack(host: String) -> [UInt8] {
    let line = ChatText.plain("[huggy-relay on \(host)] \(text)")
    let lines = [line, whatToDo.map(ChatText.withCode)].compactMap { $0 }.joined(separator: "\n")
    return Self.object([("text", .text(lines))])
  }
}
