import RelayCore

extension DeliveryStore {
  /// Leaves in a new store something of all that a look at a whole store compares: 19 deliveries of 3 destinations in every state, 13 events,
  /// 1 order key, 2 replays.
  package func fill(_ make: TestEnvelopes = TestEnvelopes()) async throws {
    var configuration = StoreConfiguration.test
    configuration.maxBacklogBytes = ["audit": 600]
    try await configure(configuration)
    try await reorder("bi", by: .chat)
    let held = try await stored(make.envelope(to: ["crm", "audit"], events: 4, bytes: 1))
    await settle(
      held[0].settled(.delivered), held[1].retried(at: 5),
      held.filter { $0.destination == "crm" }[1].settled(.dead(.expired)))
    for _ in 0..<3 { _ = try await stored(make.envelope(to: ["bi"], chat: "7")) }
    _ = try await stored(make.envelope(to: [], events: 2))
    _ = try await erase([held[0].event.id])
    let old = make.envelope(to: [], events: 4)
    _ = try await append(old)
    for _ in 1...2 {
      let replay = try await replayed(old, to: ["crm"])
      let claimed = await claim(in: .replay).deliveries
      await settle(claimed[0].settled(.delivered), claimed[1].settled(.dead(.expired)))
      if replay.id == 2 { _ = try await end(replay.id, as: .cancelled) }
    }
  }
}
