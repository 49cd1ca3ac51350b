import RelayCore
import RelayText

extension ConfigNode {
  /// `notify`: names, and whom each is.
  ///
  /// - Parameter sources: Those that can be quiet.
  func noticeReceivers(about sources: [Source]) -> [NoticeReceiver] {
    guard let section = section("a mapping of names to receivers of notices", mayBeEmpty: true) else {
      return []
    }
    if section.entries.count > Self.mostReceivers {
      error("these are too many; at most \(Self.mostReceivers)")
    }
    return section.namedEntries(Names.pattern).compactMap { entry in
      guard entry.hasValidName(), var section = entry.value.section("a mapping with a url", mayBeEmpty: true)
      else { return nil }
      var receiver = NoticeReceiver(name: entry.key, url: Secret(""))
      if let url = section.take("url", isSecret: true, isRequired: true) {
        receiver.url = url.url() ?? receiver.url
      } else {
        reading.report(
          "url is missing; write where to send it, such as \"${SLACK_URL}\"", at: entry.location)
      }
      receiver.read(&section, about: sources)
      let proxies = reading.environmentProxies
      if !proxies.isEmpty { receiver.network.proxy = .environment(proxies) }
      section.finish()
      return receiver
    }
  }

  /// What is kept of them has a fixed room.
  private static let mostReceivers = 20
}

extension NoticeReceiver {
  fileprivate mutating func read(_ section: inout Section, about sources: [Source]) {
    let formatNode = section.take("format")
    format = formatNode?.noticeFormat() ?? format
    let (patience, repetition) = (section.take("for"), section.take("repeat"))
    self.patience = patience?.duration(.zero ... .seconds(7 * 86_400)) ?? self.patience
    if let repetition { self.repetition = repetition.repetition() ?? self.repetition }
    let every = section.take("every")
    self.every = every?.duration(.seconds(1) ... .seconds(86_400)) ?? self.every
    let on = section.take("on")
    kinds = on?.noticeKinds() ?? kinds
    on?.warnAboutKindsThatNeverCome(sources)
    // A format that is not known says nothing about its keys.
    guard formatNode == nil || formatNode?.isKnownFormat == true else { return }
    if format == .heartbeat {
      for node in [patience, repetition, on].compactMap({ $0 }) {
        node.error("a heartbeat says that the relay is ready, and nothing else; remove this key")
      }
    } else {
      every?.error("only `format: heartbeat` has it; for notices write repeat")
    }
  }
}

extension ConfigNode {
  /// What stands behind a reference is looked at by nobody who reads the file.
  fileprivate var isKnownFormat: Bool {
    NoticeReceiver.Format.allCases.contains { isKeyword($0.rawValue) }
  }

  fileprivate func noticeFormat() -> NoticeReceiver.Format? {
    let names = NoticeReceiver.Format.allCases.map(\.rawValue)
    let expected = names.joined(separator: " or ")
    return value(expected, words: names, form: .words(names), placeholder: .json) { text throws(Fault) in
      guard let format = NoticeReceiver.Format(rawValue: text) else {
        let hint = NearestName.of(text, among: names).map { "did you mean \($0)?" } ?? "write \(expected)"
        throw Fault("is not a format; \(hint)")
      }
      return format
    }
  }

  /// nil: a fault; .some(nil): off.
  fileprivate func repetition() -> Duration?? {
    value("a duration such as 24h, or off", words: ["off"], form: .duration(), placeholder: nil) {
      text throws(Fault) in
      if text == "off" { return nil }
      let duration = try Units.duration(text)
      guard duration >= .seconds(1) else { throw Fault("is too short; at least 1s") }
      guard duration <= .longestText else { throw Fault("is too long; at most \(Duration.longestText.text)") }
      return duration
    }
  }

  fileprivate func warnAboutKindsThatNeverCome(_ sources: [Source]) {
    if reading.isProbing || isMapping { return }
    for item in items("a kind of notice", emptyFault: nil) ?? [] {
      if item.isKeyword(NoticeKind.attachments.rawValue), !sources.contains(where: { $0.attachments != nil })
      {
        item.warning(
          "no source has attachments, so this is never told; give it to those whose files are kept")
      }
      if item.isKeyword(NoticeKind.quiet.rawValue), !sources.contains(where: { $0.quietAfter != nil }) {
        item.warning(
          "no source has quiet_after, so this is never told; give it to those that should be heard")
      }
    }
  }

  fileprivate func noticeKinds() -> Set<NoticeKind>? {
    let emptyFault = "the list is empty: nothing would be told; name what to tell, or remove the key for all"
    let items = items("a kind of notice or a list of them", emptyFault: emptyFault)
    guard let items else { return nil }
    let words = NoticeKind.allCases.map(\.rawValue)
    return Set(
      items.compactMap { item in
        item.value("a kind of notice", words: words, form: .words(words), placeholder: .down) {
          text throws(Fault) in
          guard let kind = NoticeKind(rawValue: text) else {
            let hint =
              NearestName.of(text, among: words).map { "did you mean \($0)?" }
              ?? "there are \(words.joined(separator: ", "))"
            throw Fault("is no kind of notice; \(hint)")
          }
          return kind
        }
      })
  }
}
