import RelayCore
import Testing

extension StoreConformance {
  /// Deliveries that nobody is to get for a while.
  package static let withholding = [
    StoreClaim("whatIsWithheldIsHandedOutByNoCall") { bench in
      let store = try await ordered(bench, by: .chat)
      let first = try await store.stored(bench.make.envelope(events: 2, chat: "1"))
      let held = try await store.stored(bench.make.envelope(events: 2))
      store.release([held[0].id])
      await store.hold("crm")
      #expect(try await store.stored(bench.make.envelope()).isEmpty)
      #expect(await store.settle(first[0].settled(.delivered), held[1].retried(at: 0)).isEmpty)
      for kind in ClaimRequest.Kind.allCases {
        let claim = await store.claim(kind)
        #expect(claim.ids.isEmpty && !claim.isExhausted && claim.nextDue == nil)
      }
      store.resume(["crm"])
      #expect(await store.claim().ids.count == 3)
      #expect(await store.claim(.retrying).ids == [held[1].id])
    },
    StoreClaim("withholdingADestinationIsNothingToTheOthers") { bench in
      let store = try await bench.open()
      await store.hold("crm", "audit")
      let envelope = bench.make.envelope(to: ["crm", "bi", "audit"])
      #expect(try await store.stored(envelope).map(\.destination) == ["bi"])
      #expect(await store.claim(of: "bi").isExhausted)
    },
    StoreClaim("whatIsWithheldTwiceIsHandedOutAfterTheSecondWord") { bench in
      let store = try await filled(bench, 1)
      await store.hold("crm")
      await store.hold("crm")
      store.resume(["crm"])
      #expect(await store.claim().ids.isEmpty)
      store.resume(["crm"])
      // One word too many is none.
      store.resume(["crm"])
      #expect(await store.claim().ids.count == 1)
      await store.hold("crm")
      #expect(try await store.stored(bench.make.envelope()).isEmpty)
    },
    StoreClaim("aClaimThatWasAskedBeforeIsAnsweredBefore") { bench in
      let store = try await filled(bench, 1)
      let gate = Gate()
      gate.hold(store)
      let claimed = store.posted(
        ClaimRequest(destination: "crm", kind: .fresh, now: .second(0), limit: 9, byteLimit: .max))
      let answered = Promise<Bool>("the beginning of a hold", otherwise: false)
      store.hold(["crm"]) { answered.keep(claimed.isKept) }
      gate.open()
      #expect(await answered.value)
    },
    StoreClaim("whatIsClaimedStaysClaimedThroughIt") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 2))
      await store.hold("crm")
      store.release([held[0].id])
      store.resume(["crm"])
      #expect(await store.claim().ids == [held[0].id])
    },
    StoreClaim("aRestartWithholdsNothing") { bench in
      let store = try await filled(bench, 1)
      await store.hold("crm")
      #expect(try await bench.reopen(store).claim().ids.count == 1)
    },
    StoreClaim("aNameCanBeWithheldBeforeItIsKnown") { bench in
      let store = try await bench.open(nil)
      await store.hold("crm")
      try await store.configure(.test)
      #expect(try await store.stored(bench.make.envelope()).isEmpty)
      store.resume(["crm"])
      #expect(await store.claim().ids.count == 1)
    },
  ]
}
