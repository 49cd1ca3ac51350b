import RelayCore
import RelayText

/// What `huggy-relay test` shows: the request as it was sent, the answer, and the times.
package enum TestText {
  /// - Returns: Lines, without a line end at the end.
  package static func render(_ test: TestAnswer, now: Timestamp, pen: Pen) -> String {
    var lines = ["\(test.request.method) \(test.request.url)".forTerminal(maxCharacters: 2_000)]
    lines += headers(test.request.headers)
    lines += [""] + test.request.body.linesForTerminal(maxCharacters: 4_000) + [""]
    lines += outcome(test, pen)
    lines += ["", times(test)]
    if let certificate = test.certificate {
      let days = Int(now.duration(to: certificate.ends).components.seconds / 86_400)
      let text =
        "certificate of \(certificate.subject) ends on \(certificate.ends), in \(days.counted("day", "days")) "
        + "(the first of \(certificate.chainLength))"
      lines.append(pen(text.forTerminal(), days < 21 ? .warning : .plain))
    }
    return lines.joined(separator: "\n")
  }

  private static func headers(_ headers: [TestAnswer.TestHeader]) -> [String] {
    headers.map { "\($0.name): \($0.value)".forTerminal(maxCharacters: 1_000) }
  }

  private static func outcome(_ test: TestAnswer, _ pen: Pen) -> [String] {
    guard let answer = test.answer else {
      return [pen("no answer: \(test.error ?? "unknown")".forTerminal(maxCharacters: 1_000), .bad)]
    }
    let verdict = "an event that is answered so \(test.delivered ? "is delivered" : "is not delivered")"
    var lines = [pen("status \(answer.status): \(verdict)", test.delivered ? .good : .bad)]
    lines += headers(answer.headers)
    if !answer.body.isEmpty { lines += [""] + answer.body.linesForTerminal(maxCharacters: 2_000) }
    if answer.bodyBytes > answer.body.utf8.count {
      lines.append(pen("(the first KiB of \(answer.bodyBytes.bytesText))", .faint))
    }
    return lines
  }

  private static func times(_ test: TestAnswer) -> String {
    let times = [
      ("name", test.times.nameMs), ("connected", test.times.connectMs), ("TLS", test.times.tlsMs),
      ("first byte", test.times.firstByteMs), ("done", test.times.totalMs),
    ].compactMap { name, time in time.map { "\(name) \($0.millisecondsText)" } }
    return "\(test.peer ?? "not connected")  \(times.joined(separator: ", "))"
  }
}
