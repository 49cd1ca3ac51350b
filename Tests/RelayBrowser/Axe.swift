import Foundation

/// axe-core, which looks at a page as those need it who do not see it, or use no mouse. Not a part of this repository:
/// `make setup-browser` puts it into `.build`.
package enum Axe {
  private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(".build/axe/axe.min.js")
    .path

  package static let isThere = Chromium.isRequired || FileManager.default.fileExists(atPath: path)

  package static let missing = "there is no .build/axe/axe.min.js: `make setup-browser` fetches it"

  fileprivate static func source() throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else { throw BrowserProblem(missing) }
    return String(decoding: data, as: UTF8.self)
  }
}

extension Browser {
  /// What axe-core finds wrong with the page as it is shown: rules of WCAG 2.2 A and AA, and good practice.
  package func accessibilityProblems() throws -> [String] {
    if try script("return typeof axe === 'undefined'") as? Bool == true { try script(try Axe.source()) }
    let found = try scriptThatEnds(
      """
      const done = arguments[arguments.length - 1];
      axe.run(document, { resultTypes: ["violations"], runOnly: [
        "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
      ] }).then(({ violations }) => done(violations.flatMap((rule) => rule.nodes.map((node) =>
        `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary.replace(/\\s+/g, " ")}`))),
        (error) => done([`axe failed: ${error}`]));
      """)
    return found as? [String] ?? ["axe answered nothing"]
  }
}
