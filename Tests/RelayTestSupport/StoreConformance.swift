import RelayCore
import Testing

/// What every `DeliveryStore` must do. A store's tests run all of it with one parameterised test:
///
///     @Test(arguments: StoreConformance.claims)
///     func theStore(_ claim: StoreClaim) async throws { try await claim.check(MyStoreHome()) }
package enum StoreConformance {
  package static let claims =
    contents + ordering + retries + settlements + runs + changes + withholding + backlog + reordering
    + searching + looking + listing + lookingAtTimes + operation + replays + replayRoom + replayRules + audit
    + tokens + clocks + arrival + duplicates + names + gaps + hanging + closing + erasing

  /// Those about who is handed what, and in which order: what a store must do alike whatever else there is beside it.
  package static let ordering = claiming + order + orderOfRetries
}

/// One sentence that is true of every store, and how that is found out.
package struct StoreClaim: Sendable, CustomTestStringConvertible {
  package let name: String
  private let body: @Sendable (StoreBench) async throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (StoreBench) async throws -> Void) {
    self.name = name
    self.body = body
  }

  /// Checks it against the store that lives there.
  package func check(_ home: any StoreHome) async throws {
    let bench = StoreBench(home)
    defer { bench.closeAll() }
    try await body(bench)
  }

  package var testDescription: String { name }
}
