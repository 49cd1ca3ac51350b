import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// What `explain` says is what `serve` does.
@Suite(.timeLimit(.minutes(15))) struct ExplainerTests {
  @Test func thereAreFixtures() throws { #expect(try Fixtures.all().count == 12) }

  /// Broken by whatever one of the two knows and the other does not.
  @Test(arguments: try Fixtures.all())
  func whatIsExplainedIsWhatIsDone(_ fixture: Fixtures.Fixture) async throws {
    let explained = try Explainer(Fixtures.configuration, at: .epoch).explain(Array(fixture.text.utf8)).events
      .flatMap {
        event in
        event.explanation.decision.targets.map { "\($0.destination) \(event.type)" }
      }
    let middle = try await Middle(Fixtures.configuration)
    let reply = await middle.post(fixture.text).value
    #expect(reply.status == 200)
    await middle.rest()
    let page = try await middle.during { [controller = middle.controller] in
      try? await controller.deliveries(DeliverySearch(), after: nil, limit: 500)
    }
    let done = try #require(page).deliveries.map { "\($0.record.destination) \($0.record.type)" }
    #expect(explained.sorted() == done.sorted())
  }
}
