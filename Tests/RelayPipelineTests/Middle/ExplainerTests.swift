import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What `explain` says is what `serve` does.
@Suite(.timeLimit(.minutes(5))) struct ExplainerTests {
  private static let fixtures: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(atPath: folder)
    return (files ?? []).filter { $0.hasSuffix(".json") }.sorted()
  }()

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

  private static let configuration = Configuration.middle { configuration in
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

  @Test func thereAreFixtures() { #expect(Self.fixtures.count == 12) }

  /// Broken by whatever one of the two knows and the other does not.
  @Test(arguments: fixtures)
  func whatIsExplainedIsWhatIsDone(_ fixture: String) async throws {
    let body = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(fixture)"))
    let explained = try Explainer(Self.configuration).explain(Array(body)).events.flatMap { event in
      event.explanation.decision.targets.map { "\($0.destination) \(event.type)" }
    }
    let middle = try await Middle(Self.configuration)
    let reply = await middle.post(String(decoding: body, as: UTF8.self)).value
    #expect(reply.status == 200)
    await middle.rest()
    let page = try await middle.during { [controller = middle.controller] in
      try? await controller.deliveries(DeliveryFilter(), after: nil, limit: 500)
    }
    let done = try #require(page).deliveries.map { "\($0.record.destination) \($0.record.type)" }
    #expect(explained.sorted() == done.sorted())
  }
}
