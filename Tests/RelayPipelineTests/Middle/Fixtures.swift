import Foundation
import RelayCore
import Testing

/// Huggy's own example envelopes, and routes of each kind for them.
enum Fixtures {
  struct Fixture: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let text: String
  }

  static func all() throws -> [Fixture] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".json") }.sorted()
      .map { name in
        let data = try Data(contentsOf: folder.appendingPathComponent(name))
        return Fixture(testDescription: name, text: String(decoding: data, as: UTF8.self))
      }
  }

  static let configuration = Configuration.middle { configuration in
    configuration.destinations.append(Destination(name: "audit", url: Secret("http://audit/")))
    configuration.routes = [
      Route(name: "chats", match: .events("*Chat"), action: .deliver(to: ["crm"])),
      Route(name: "automation", match: .events("*AutomationFlow"), action: .drop),
      Route(
        name: "whatsapp", match: Match(channels: [.text(WildcardPattern("whatsapp*", ignoringCase: true))]),
        action: .deliver(to: ["bi", "crm"])),
      Route(
        name: "company", match: Match(companies: [.text(WildcardPattern("15691"))]),
        except: [.events("createdCustomer")], action: .deliver(to: ["audit"])),
    ]
  }
}
