import Foundation
import Testing

/// The pages of documentation, as who reads them on the web finds them: each with one title, and no link that leads nowhere.
@Suite struct PagesTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    .standardizedFileURL

  /// Relative to the root.
  static let pages: [String] = {
    let files = FileManager.default
    let own = ["", "docs/", "docs/decisions/"].flatMap { folder in
      (try? files.contentsOfDirectory(atPath: root.appending(path: folder).path))?.map { folder + $0 } ?? []
    }
    return own.filter { $0.hasSuffix(".md") }.sorted()
  }()

  /// The lines that are no code.
  private static func lines(of page: String) throws -> [Substring] {
    let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
    var isCode = false
    return text.split(separator: "\n").filter { line in
      if line.hasPrefix("```") {
        isCode.toggle()
        return false
      }
      return !isCode && !line.hasPrefix("    ")
    }
  }

  private static func headings(of page: String) throws -> [Substring] {
    try lines(of: page).filter { $0.hasPrefix("#") && $0.drop { $0 == "#" }.hasPrefix(" ") }
  }

  /// As GitHub makes them of headings; the second of two alike ends with `-1`.
  static func anchors(of headings: [Substring]) -> Set<String> {
    var counts: [String: Int] = [:]
    return Set(
      headings.map { heading in
        let shown = heading.drop { $0 == "#" }.dropFirst().replacing(/\[([^\]]*)\]\([^)]*\)/) { "\($0.1)" }
        let kept = shown.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
        let anchor = kept.replacing(" ", with: "-")
        let count = counts[anchor, default: 0]
        counts[anchor] = count + 1
        return count == 0 ? anchor : "\(anchor)-\(count)"
      })
  }

  /// What the links of a page lead to, without those to other sites.
  static func links(in lines: [Substring]) -> [String] {
    lines.flatMap { line in
      // What stands in code is no link.
      line.replacing(/`[^`]*`/, with: "").matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    }.filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }
  }

  @Test func thePagesAreFound() {
    #expect(Self.pages.contains("README.md") && Self.pages.contains("docs/proxies.md"))
    #expect(Self.pages.count { $0.hasPrefix("docs/decisions/") } >= 35)
  }

  @Test(arguments: pages) func aPageHasOneTitle(page: String) throws {
    let titles = try Self.headings(of: page).filter { $0.hasPrefix("# ") }
    #expect(titles.count == 1, "\(page): \(titles)")
  }

  @Test(arguments: pages) func noLinkLeadsNowhere(page: String) throws {
    let folder = Self.root.appending(path: page).deletingLastPathComponent()
    for link in Self.links(in: try Self.lines(of: page)) {
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let target =
        parts[0].isEmpty
        ? page
        : String(
          folder.appending(path: parts[0].removingPercentEncoding ?? parts[0]).standardizedFileURL.path
            .dropFirst(Self.root.path.count + (Self.root.path.hasSuffix("/") ? 0 : 1)))
      #expect(
        FileManager.default.fileExists(atPath: Self.root.appending(path: target).path),
        "\(page): \(link) leads nowhere")
      guard parts.count == 2, target.hasSuffix(".md") else { continue }
      let anchors = Self.anchors(of: try Self.headings(of: target))
      #expect(anchors.contains(parts[1]), "\(page): \(target) has no heading \(parts[1])")
    }
  }

  /// Alerts, notices and the dashboard name sections of the pages, as `operations.md#past-due`.
  @Test func noSectionThatTheProgramOrAnAlertNamesIsMissing() throws {
    var named: [String: Int] = [:]
    for folder in ["deploy", "Sources"] {
      let files = FileManager.default.enumerator(atPath: Self.root.appending(path: folder).path)
      while let file = files?.nextObject() as? String {
        guard
          let text = try? String(contentsOf: Self.root.appending(path: folder + "/" + file), encoding: .utf8)
        else { continue }
        for link in text.matches(of: /([a-z-]+\.md)#([a-z0-9-]+)/) {
          let anchors = Self.anchors(of: try Self.headings(of: "docs/" + link.1))
          #expect(
            anchors.contains(String(link.2)), "\(folder)/\(file): docs/\(link.1) has no heading \(link.2)")
          named[folder, default: 0] += 1
        }
      }
    }
    #expect(named["deploy", default: 0] >= 19)
  }

  /// What two languages have to have in common: headings by their levels, code apart from its comments, and of tables what is
  /// written as code.
  private static func frame(of page: String) throws -> [String] {
    let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
    var isCode = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
      if line.hasPrefix("```") { isCode.toggle() }
      if isCode || line.hasPrefix("```") { return String(line.replacing(/[ ]+# .*$/, with: "")) }
      if line.hasPrefix("#") { return String(line.prefix { $0 == "#" }) + " a heading" }
      guard line.hasPrefix("|") else { return nil }
      return "| " + line.matches(of: /`[^`]+`/).map { String($0.0) }.sorted().joined(separator: " ")
    }
  }

  @Test func theReadmeSaysTheSameInPortuguese() throws {
    let english = try Self.frame(of: "README.md")
    let portuguese = try Self.frame(of: "README.pt-BR.md")
    #expect(english.count > 300)
    let first = zip(english, portuguese).first { $0 != $1 }
    #expect(first == nil, "the first difference: \(first?.0 ?? "") and \(first?.1 ?? "")")
    #expect(english.count == portuguese.count)
    for (page, other) in [("README.md", "README.pt-BR.md"), ("README.pt-BR.md", "README.md")] {
      #expect(Self.links(in: Array(try Self.lines(of: page).prefix(3))) == [other])
    }
  }

  @Test func anchorsAreThoseOfTheWeb() {
    let headings: [Substring] = ["# A `b`, c_d: e", "## See [this](x.md)", "### See this"]
    #expect(Self.anchors(of: headings) == ["a-b-c_d-e", "see-this", "see-this-1"])
    #expect(Self.links(in: ["[a](b.md#c) `[d](e)` [f](https://g)"]) == ["b.md#c"])
  }
}
