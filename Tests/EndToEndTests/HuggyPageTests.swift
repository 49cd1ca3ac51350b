import Foundation
import Testing

/// The routes that docs/huggy.md shows for each event are valid, and meet Huggy's own examples of that event and of no other.
@Suite struct HuggyPageTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    .standardizedFileURL

  /// What the page says under the title of a type, or of several.
  private struct Section {
    var types: Set<String>
    var routes: [String]
  }

  private struct Explained: Decodable {
    struct Event: Decodable {
      struct Route: Decodable {
        var name: String
        var matched: Bool
      }
      var type: String
      var routes: [Route]
    }
    var events: [Event]
  }

  private static func sections() throws -> [Section] {
    let page = try String(contentsOf: root.appending(path: "docs/huggy.md"), encoding: .utf8)
    return page.split(separator: "\n### `").dropFirst().map { section in
      let title = section.prefix { $0 != "\n" }
      let block = section.firstMatch(of: /```yaml\n((?:.*\n)*?)```/)?.1 ?? ""
      return Section(
        types: Set(title.matches(of: /\w+/).map { String($0.0) }),
        routes: block.split(separator: "\n").map(String.init))
    }
  }

  @Test func theRoutesForEachEventMeetHuggysExamplesOfItAndNoOther() throws {
    let sections = try Self.sections()
    let routes = sections.flatMap(\.routes)
    #expect(sections.count >= 9 && routes.count >= 12)
    let setting = try Setting(
      """
      sources: { huggy: { token: known } }
      store: { dead_retention: 90d }
      destinations: { crm: { url: "http://127.0.0.1:9/1" }, bi: { url: "http://127.0.0.1:9/2" }, bot: { url: "http://127.0.0.1:9/3" } }
      routes:
      \(routes.joined(separator: "\n"))
      """)
    let checked = try Setting.run(["check", "--config", setting.configuration])
    #expect(checked.status == 0, "\(checked.errors)")
    #expect(checked.output.contains("0 warnings"), "\(checked.errors)")

    let folder = Self.root.appending(path: "Tests/Fixtures").path
    var met: [String: Set<String>] = [:]
    var seen: Set<String> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let shown = try Setting.run([
        "explain", "--json", "--config", setting.configuration, folder + "/" + name,
      ])
      for event in try JSONDecoder().decode(Explained.self, from: Data(shown.output.utf8)).events {
        seen.insert(event.type)
        for route in event.routes where route.matched { met[route.name, default: []].insert(event.type) }
      }
    }
    for section in sections {
      for route in section.routes {
        let name = try #require(route.firstMatch(of: /name: ([a-z-]+), match/)).1
        let types = met[String(name), default: []]
        #expect(!types.isEmpty && types.isSubset(of: section.types), "\(name) meets \(types)")
      }
    }
    #expect(seen.subtracting(sections.flatMap(\.types)).isEmpty, "these have no section")
  }
}
