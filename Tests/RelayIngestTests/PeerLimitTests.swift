import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

/// How many connections one address may have (`server.max_connections_per_peer`).
@Suite(.timeLimit(.minutes(15))) struct PeerLimitTests {
  private let peer = PeerAddress.Address.v4(1)

  @Test func aPlaceIsGivenBackWithItsLastHolder() {
    let limit = PeerLimit(maxOpen: 2)
    var places = [limit.enter(peer), limit.enter(peer)]
    #expect(places.allSatisfy { $0 != nil } && limit.enter(peer) == nil)
    #expect(limit.enter(.v4(2)) != nil)
    places.removeLast()
    #expect(limit.enter(peer) != nil)
    limit.setMaxOpen(1)
    #expect(limit.enter(peer) == nil)
    limit.setMaxOpen(nil)
    #expect(limit.enter(peer) != nil && !limit.isSet)
  }

  private static func limited(_ settings: inout ServerSettings) { settings.maxConnectionsPerPeer = 2 }

  @Test func aPeerThatHasTooManyAtWorkIsTurnedAwayUntilOneLeaves() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, Self.limited) { _, address in
      var waiting: [(client: RawClient, request: StreamReceiver.Received)] = []
      for _ in 0..<2 {
        let client = try await RawClient.connect(to: address)
        try await client.send(Requests.post())
        waiting.append((client, try await receiver.next()))
      }
      let refusal = await (try RawClient.connect(to: address)).rest()
      #expect(refusal.statuses == [503] && refusal.contains("server.max_connections_per_peer"))
      #expect(refusal.contains("retry-after: "))
      #expect(try await receiver.nextRefusal().reason.status == 503)
      for (client, request) in waiting {
        request.complete()
        #expect(await client.response()?.statuses == [200])
      }
    }
  }

  /// A sender that forgets its connections is not shut out by them.
  @Test func thePeersConnectionThatIsIdleLongestGivesItsPlaceUp() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    try await withServer(receiver, Self.limited) { _, address in
      var clients: [RawClient] = []
      for _ in 0..<2 {
        clients.append(try await RawClient.connect(to: address))
        try await clients.last?.send(Requests.post())
        #expect(await clients.last?.response()?.statuses == [200])
      }
      let newcomer = try await RawClient.connect(to: address)
      try await newcomer.send(Requests.post())
      #expect(await newcomer.response()?.statuses == [200])
      #expect(await clients[0].rest() == "")
      try await clients[1].send(Requests.post())
      #expect(await clients[1].response()?.statuses == [200])
    }
  }

  @Test func aTrustedProxyBringsTheConnectionsOfMany() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    try await withServer(
      receiver,
      { settings in
        Self.limited(&settings)
        settings.trustedProxies = TrustedProxies([AddressBlock(.v4(0x7F00_0000), length: 8)])
      }
    ) { _, address in
      var clients: [RawClient] = []
      for _ in 0..<5 {
        clients.append(try await RawClient.connect(to: address))
        try await clients.last?.send(Requests.post())
        #expect(await clients.last?.response()?.statuses == [200])
      }
      for client in clients {
        try await client.send(Requests.post())
        #expect(await client.response()?.statuses == [200])
      }
    }
  }
}
