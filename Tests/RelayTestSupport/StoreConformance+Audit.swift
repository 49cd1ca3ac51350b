import RelayCore
import Testing

extension StoreConformance {
  /// Who did what.
  package static let audit = [
    StoreClaim("theAuditIsKeptOverAReopenNewestFirst") { bench in
      let store = try await bench.open()
      let first = try await store.beginAudit(.made(1, reason: "because"))
      let second = try await store.beginAudit(.made(2, who: "bia"))
      #expect(first < second)
      try await store.endAudit(first, AuditOutcome("done", count: 7))
      let again = try await bench.reopen(store)
      let page = try await bench.audit(again)
      #expect(
        page.records == [
          AuditRecord(id: second, entry: .made(2, who: "bia"), outcome: nil),
          AuditRecord(
            id: first, entry: .made(1, reason: "because"), outcome: AuditOutcome("done", count: 7)),
        ])
      #expect(page.next == nil)
    },
    StoreClaim("whatElseWasDoneIsKeptWithTheOutcomeAsItWasSaid") { bench in
      let store = try await bench.open()
      let outcome = AuditOutcome("done", count: 2, details: "1 delivery cancelled: of crm")
      let id = try await store.beginAudit(.made(1))
      try await store.endAudit(id, outcome)
      let again = try await bench.reopen(store)
      #expect(
        try await bench.audit(again).records == [AuditRecord(id: id, entry: .made(1), outcome: outcome)])
    },
    StoreClaim("otherWordsTakeThePlaceOfWhatAnEntrySaysAndAllElseStays") { bench in
      let store = try await bench.open()
      let ids = [try await store.beginAudit(.made(1, reason: "Ana")), try await store.beginAudit(.made(2))]
      try await store.endAudit(ids[0], AuditOutcome("done", count: 7))
      try await store.amendAudit([
        AuditAmendment(id: ids[0], target: "other", reason: "why"),
        AuditAmendment(id: AuditID(rawValue: 999), target: "nobody's", reason: nil),
      ])
      let again = try await bench.reopen(store)
      var entry = AuditEntry.made(1, reason: "why")
      entry.target = "other"
      #expect(
        try await bench.audit(again).records == [
          AuditRecord(id: ids[1], entry: .made(2), outcome: nil),
          AuditRecord(id: ids[0], entry: entry, outcome: AuditOutcome("done", count: 7)),
        ])
    },
    StoreClaim("theAuditComesInPagesThatStayRightWhileItGrows") { bench in
      let store = try await bench.open()
      for second in 1...5 { _ = try await store.beginAudit(.made(second)) }
      let first = try await bench.audit(store, limit: 2)
      _ = try await store.beginAudit(.made(6))
      let second = try await bench.audit(store, after: first.next, limit: 2)
      let third = try await bench.audit(store, after: second.next, limit: 2)
      let seconds = [first, second, third].flatMap(\.records).map(\.entry.at)
      #expect(seconds == [5, 4, 3, 2, 1].map { .second($0) })
      #expect(third.next == nil)
    },
    StoreClaim("theAuditIsFilteredByWhoWhatAndTime") { bench in
      let store = try await bench.open()
      for (second, who) in [(1, "ana"), (2, "bia"), (3, "ana"), (4, "ana")] {
        _ = try await store.beginAudit(.made(second, who: who, what: second == 4 ? "reload" : "events"))
      }
      func found(_ filter: AuditFilter) async throws -> [Timestamp] {
        try await bench.audit(store, filter).records.map(\.entry.at)
      }
      #expect(try await found(AuditFilter(who: "ana", what: "events")) == [.second(3), .second(1)])
      #expect(try await found(AuditFilter(since: .second(2), until: .second(4))) == [.second(3), .second(2)])
      #expect(try await found(AuditFilter(who: "eva")).isEmpty)
    },
    StoreClaim("whatIsOlderThanTheAuditKeepsGoesWithWhatComes") { bench in
      let store = try await bench.open()
      let keeping = Int(AuditEntry.retention.components.seconds)
      for second in [0, 10, keeping + 5] { _ = try await store.beginAudit(.made(second)) }
      #expect(try await bench.audit(store).records.map(\.entry.at) == [.second(keeping + 5), .second(10)])
    },
  ]
}

extension AuditEntry {
  fileprivate static func made(
    _ second: Int, who: String = "ana", what: String = "events", reason: String? = nil
  ) -> AuditEntry {
    AuditEntry(
      at: .second(second), who: who, role: "reader", what: what, target: "evt_1", reason: reason)
  }
}

extension StoreBench {
  fileprivate func audit(
    _ store: any DeliveryStore, _ filter: AuditFilter = AuditFilter(), after: AuditID? = nil, limit: Int = 50
  ) async throws -> AuditPage {
    let promise = Promise<Result<AuditPage, StoreError>>("a page of the audit")
    lookup(store).audit(filter, after: after, limit: limit) { promise.keep($0) }
    return try await promise.value.get()
  }
}
