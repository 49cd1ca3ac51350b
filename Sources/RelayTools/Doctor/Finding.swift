import RelayJSON
import RelayText

/// One thing that was looked at, and how it is.
package struct Finding: Sendable, Equatable {
  package enum Level: String, Sendable, CaseIterable, Comparable {
    case ok, warn, fail

    package static func < (a: Level, b: Level) -> Bool {
      allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)!
    }
  }

  package var level: Level
  /// What was looked at: `disk`, `destination crm`.
  package var subject: String
  package var message: String
  /// What to do; nil: nothing.
  package var advice: String?

  package init(_ level: Level, _ subject: String, _ message: String, advice: String? = nil) {
    self.level = level
    self.subject = subject
    self.message = message
    self.advice = advice
  }

  package static func ok(_ subject: String, _ message: String) -> Finding { Finding(.ok, subject, message) }

  package static func warn(_ subject: String, _ message: String, _ advice: String?) -> Finding {
    Finding(.warn, subject, message, advice: advice)
  }

  package static func fail(_ subject: String, _ message: String, _ advice: String?) -> Finding {
    Finding(.fail, subject, message, advice: advice)
  }
}

/// All that `doctor` has found.
package struct Findings: Sendable, Equatable {
  package var all: [Finding]

  package init(_ all: [Finding]) {
    self.all = all
  }

  package var hasFailed: Bool { all.contains { $0.level == .fail } }

  /// A line each, what to do below it, and the sum.
  ///
  /// - Parameter paint: Colours a level's word.
  package func text(paint: (String, Finding.Level) -> String = { word, _ in word }) -> String {
    let width = all.map(\.subject.count).max() ?? 0
    var lines = all.flatMap { finding in
      let word = finding.level.rawValue.uppercased()
      let subject = finding.subject + String(repeating: " ", count: width - finding.subject.count)
      let gap = String(repeating: " ", count: 4 - word.count)
      let message = finding.message.forTerminal(maxCharacters: 1_000)
      let line = "\(paint(word, finding.level))\(gap)  \(subject)  \(message)"
      let indent = String(repeating: " ", count: width + 8)
      return [line] + (finding.advice.map { ["\(indent)-> \($0.forTerminal(maxCharacters: 1_000))"] } ?? [])
    }
    lines += ["", summary]
    return lines.joined(separator: "\n")
  }

  private var summary: String {
    let counts = Finding.Level.allCases.map { level in
      (level, all.count { $0.level == level })
    }
    return counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0.rawValue.uppercased())" }.joined(separator: ", ")
  }

  /// `{"ok":…,"findings":[{"level","subject","message","advice"}]}`.
  package var json: [UInt8] {
    let findings = all.map { finding -> JSONTree in
      .object([
        ("level", .string(finding.level.rawValue)), ("subject", .string(finding.subject)),
        ("message", .string(finding.message)), ("advice", .optional(finding.advice)),
      ])
    }
    var output: [UInt8] = []
    JSONTree.object([("ok", .bool(!hasFailed)), ("findings", .array(findings))])
      .append(to: &output, spelling: .plain)
    return output
  }
}
