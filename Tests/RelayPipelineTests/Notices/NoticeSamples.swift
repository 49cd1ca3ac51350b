import RelayCore
import RelayTestSupport

@testable import RelayPipeline

/// What the tests of notices are about.
enum NoticeSamples {
  static let crm = NoticeSubject.destination("crm")

  static func key(_ kind: NoticeKind, _ subject: NoticeSubject = crm) -> NoticeKey {
    NoticeKey(kind: kind, subject: subject)
  }

  static func receiver(
    _ name: String = "ops", _ change: (inout NoticeReceiver) -> Void = { _ in }
  ) -> NoticeReceiver {
    var receiver = NoticeReceiver(name: name, url: Secret("https://chat.example/hooks/\(name)-s3cret"))
    change(&receiver)
    return receiver
  }

  static func notice(
    _ id: String, _ kind: NoticeKind = .down, _ phase: Notice.Phase = .began, _ subject: NoticeSubject = crm
  ) -> Notice {
    Notice(
      id: id, key: key(kind, subject), phase: phase, at: .second(60), since: .second(0), detail: "status 503")
  }
}

/// Rules, and what they say second after second.
struct RuledTime {
  var rules = NoticeRules()
  var receiver = NoticeSamples.receiver()

  /// - Returns: As `began down` each.
  mutating func look(_ second: Int, _ states: [NoticeKey: NoticeState]) -> [String] {
    changes(second, states).map { "\($0.phase.rawValue) \($0.key.kind.rawValue)" }
  }

  mutating func changes(_ second: Int, _ states: [NoticeKey: NoticeState]) -> [NoticeRules.Change] {
    rules.look(states, at: .second(second), for: receiver)
  }

  /// One state of the destination crm.
  mutating func look(_ second: Int, _ kind: NoticeKind, _ state: NoticeState) -> [String] {
    look(second, [NoticeSamples.key(kind): state])
  }
}
