import RelayCore

/// What a notice says, in words for people who did not read the manual: what is so, and what to do about it.
struct NoticeText: Equatable {
  /// One sentence or two.
  var message: String
  /// nil: nothing.
  var whatToDo: String?
  /// Where it is explained, in the relay's documentation: the section of the alert of the same meaning.
  var section: String

  init(_ notice: Notice) {
    let words = NoticeWords(notice.key)
    let detail = notice.detail.isEmpty ? "" : ": \(notice.detail)"
    switch notice.phase {
    case .began:
      message = "\(words.subject) \(words.began), since \(Self.clock(notice.since))\(detail)."
      whatToDo = words.whatToDo
    case .repeated:
      message = "\(words.subject) \(words.stillSo), since \(Self.clock(notice.since))\(detail)."
      whatToDo = words.whatToDo
    case .ended:
      let lasted = Self.length(notice.since.duration(to: notice.at))
      message = "\(words.subject) \(words.ended), after \(lasted)\(detail)."
      whatToDo = nil
    }
    section = "docs/\(Self.section(notice.key))"
  }

  private static func section(_ key: NoticeKey) -> String {
    switch key.kind {
    case .down: "operations.md#destination-down"
    case .late: "operations.md#past-due"
    case .dead: "operations.md#dead-letters"
    case .overflow: "operations.md#overflow"
    case .quiet: "operations.md#silence"
    case .refused: "operations.md#refused"
    case .orphaned: "operations.md#orphaned"
    case .paused: "operations.md#paused"
    case .store:
      switch key.subject {
      case .store(.nearlyFull): "operations.md#store-nearly-full"
      case .store(.log): "operations.md#store-log-growing"
      case .store(.holds): "operations.md#attempts-held"
      case .store, .destination, .source, .relay: "operations.md#turned-away"
      }
    case .reload: "operations.md#reload-failed"
    case .clock: "operations.md#clock-off"
    case .certificate, .attachments: "notices.md#\(key.kind.rawValue)"
    }
  }

  /// To the second: `2026-01-02 03:04:05 UTC`.
  static func clock(_ time: Timestamp) -> String {
    let text = time.description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
  }

  /// In its two largest units: `2 h 5 min`.
  static func length(_ duration: Duration) -> String {
    let seconds = max(0, Int(duration.components.seconds))
    let parts = [
      (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s"),
    ]
    let first = parts.firstIndex { $0.0 > 0 } ?? parts.count - 1
    return parts[first...].prefix(2).filter { $0.0 > 0 || first == parts.count - 1 }.map { "\($0.0) \($0.1)" }
      .joined(separator: " ")
  }
}

/// The words of each kind, as they follow on its subject.
private struct NoticeWords {
  let subject: String
  let began: String
  let ended: String
  let whatToDo: String

  init(_ key: NoticeKey) {
    subject = Self.subject(key.subject)
    let name =
      switch key.subject {
      case .destination(let name), .source(let name): name
      case .store, .relay: ""
      }
    (began, ended, whatToDo) = Self.words(key, name)
  }

  /// As it began, and goes on: `is still down`, `still takes no envelopes`.
  var stillSo: String { began.hasPrefix("is ") ? "is still \(began.dropFirst(3))" : "still \(began)" }

  private static func subject(_ subject: NoticeSubject) -> String {
    switch subject {
    case .destination(let name): "Destination \(name)"
    case .source(let name): "Source \(name)"
    case .store: "The store"
    case .relay: "The relay"
    }
  }

  private static func words(_ key: NoticeKey, _ name: String) -> (String, String, String) {
    switch key.kind {
    case .down:
      (
        "is down", "is up again",
        "Nothing is lost: its events wait and go out by themselves once it answers. Mend the destination; "
          + "`huggy-relay status` says what it answers, `huggy-relay test \(name)` tries it."
      )
    case .late:
      (
        "is late", "is no longer late",
        "What is due waits longer than late_after. `huggy-relay status` says whether it is down, slow or limited by "
          + "`rate` or `concurrency`, and how long the backlog takes."
      )
    case .dead:
      (
        "has new dead letters", "has had no new dead letter for an hour",
        "They wait for a person. `huggy-relay deliveries --state dead --destination \(name)` says why; mend the cause, then "
          + "`huggy-relay retry --destination \(name)`, or discard them."
      )
    case .overflow:
      (
        "is over its max_backlog: new deliveries are discarded",
        "has discarded no delivery for an hour",
        "Mend the destination, or raise its max_backlog; then send what it missed: "
          + "`huggy-relay replay --to \(name) --missing --since …`."
      )
    case .quiet:
      (
        "is quiet: no envelope has been accepted for quiet_after", "is heard again",
        "Look whether the webhook is still on in the platform's panel and points here, then at the proxy in front; "
          + "`huggy-relay gaps` and `huggy-relay rejections` show what was turned away."
      )
    case .refused:
      (
        "has its requests refused", "has its requests refused no longer",
        "401: the token has changed: put the new one into routes.yaml beside the old one, and reload. 413: raise max_body. "
          + "503: look at the store. `huggy-relay rejections` shows them; what was refused, the platform may not send again."
      )
    case .orphaned:
      (
        "is no longer configured, and has deliveries that wait", "is no longer orphaned",
        "Put it back into routes.yaml and reload, or discard what it is owed: "
          + "`huggy-relay discard --destination \(name)`."
      )
    case .paused:
      (
        "is paused", "is no longer paused",
        "Its events queue up to max_backlog. `huggy-relay resume \(name)` lets it go on, if nobody needs the pause any more."
      )
    case .store: storeWords(key.subject)
    case .reload:
      (
        "could not take its new configuration: the old one stays in force",
        "has taken its configuration",
        "`huggy-relay check` says what is wrong in routes.yaml; mend it, then `huggy-relay reload`."
      )
    case .clock:
      (
        "has a clock that is off", "has a clock that is right again",
        "Receivers may refuse its signatures. Look whether chrony or systemd-timesyncd runs: `timedatectl`."
      )
    case .certificate:
      (
        "has a certificate that ends soon", "has a certificate that is good again",
        "Have its operator renew it: after its end nothing is delivered. `huggy-relay doctor` shows the days left."
      )
    case .attachments:
      (
        "has attachments that could not be fetched", "has had no such attachment for an hour",
        "Somebody may be without a file. `huggy-relay status` says why the last one failed, `huggy-relay event ID` shows those of "
          + "an event."
      )
    }
  }

  private static func storeWords(_ subject: NoticeSubject) -> (String, String, String) {
    switch subject {
    case .store(.nearlyFull):
      (
        "is nearly full", "has room again",
        "When it is full, senders get 503. Retry or discard dead letters, mend what is down, or raise store.max_size."
      )
    case .store(.log):
      (
        "has a log that grows", "has a log that no longer grows",
        "End the reader that holds it, or look at the disk; `huggy-relay status` names the reader."
      )
    case .store(.holds):
      (
        "lets no attempt start", "lets attempts start again",
        "Nothing is lost: envelopes are taken, and go out once it does. Look at its server, and at the way to it; `huggy-relay status` says why."
      )
    case .store, .destination, .source, .relay:
      (
        "takes no envelopes: senders get 503", "takes envelopes again",
        "Make room on its disk, or mend the disk or the server; it goes on by itself. What was refused meanwhile: `huggy-relay gaps`."
      )
    }
  }
}
