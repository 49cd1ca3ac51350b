import RelayCore
import RelayText
import RelayThreads

/// A sample to one receiver of notices.
package protocol NoticeOperations: AnyObject, Sendable {
  /// Sends a sample notice, or a heartbeat, at once: nothing of what is to be told notices it.
  ///
  /// - Throws: `notFound` for a receiver that there is not.
  func testNotice(to receiver: String) async throws(OperationError) -> NoticeTestReport
}

/// What came of it; secrets masked.
package struct NoticeTestReport: Sendable, Equatable {
  package var receiver: String
  package var format: NoticeReceiver.Format
  package var method: String
  /// What was sent.
  package var body: [UInt8]
  package var reply: NoticeReply

  package init(
    receiver: String, format: NoticeReceiver.Format, method: String, body: [UInt8], reply: NoticeReply
  ) {
    self.receiver = receiver
    self.format = format
    self.method = method
    self.body = body
    self.reply = reply
  }
}

extension Notices {
  /// How much of an answer is shown, in bytes.
  private static let shownAnswerBytes = 1 << 10

  func test(_ name: String) async throws(OperationError) -> NoticeTestReport {
    let configuration = parts.active.configuration
    guard let receiver = configuration.notify.first(where: { $0.name == name }) else {
      let names = configuration.notify.map(\.name)
      let hint =
        NearestName.question(name, among: names)
        ?? (names.isEmpty
          ? "; the configuration has no `notify`"
          : "; the configuration has \(names.joined(separator: ", "))")
      throw OperationError(
        code: .notFound, message: "there is no receiver of notices \(name.prefix(100))\(hint)")
    }
    let request = NoticeRequest.sample(
      to: receiver, id: newID(), at: parts.clock.reading().wall, host: parts.tools.host)
    var reply = await onThread(named: "notice") { [sender = parts.tools.sender] in sender.send(request) }
    let mask = SecretMask(configuration.toldSecrets)
    reply.body = mask.masked(reply.body, upTo: Self.shownAnswerBytes)
    reply.failure = reply.failure.map(mask.masked)
    parts.logger.notice(
      "a receiver of notices was tested", metadata: ["name": "\(name)", "outcome": "\(reply.words)"])
    return NoticeTestReport(
      receiver: name, format: receiver.format, method: request.method, body: request.body ?? [], reply: reply)
  }
}
