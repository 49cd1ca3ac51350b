import RelayCore
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite(.timeLimit(.minutes(15))) struct ServerLimitTests {
  /// Each sends all of a large body but its last byte.
  @Test func sendersThatWithholdTheEndOfLargeBodiesDoNotKeepSmallOnesOut() async throws {
    let receiver = StreamReceiver()
    let settings: (inout ServerSettings) -> Void = {
      ($0.maxInflightBytes, $0.maxBodyBytes) = (1 << 20, 300 << 10)
    }
    try await withServer(receiver, settings) { _, address in
      var withholding: [RawClient] = []
      for _ in 0..<20 {
        let client = try await RawClient.connect(to: address)
        withholding.append(client)
        try? await client.send(
          Requests.head("POST", "/huggy", headers: ["Content-Length: 250001"])
            + String(repeating: "x", count: 250_000))
      }
      // At most three of them fit into three quarters of 1 MiB; all others are refused.
      for _ in 0..<17 { #expect(try await receiver.nextRefusal().reason.status == 503) }
      for _ in 0..<50 {
        let client = try await RawClient.connect(to: address)
        try await client.send(Requests.post(String(repeating: "y", count: 10_000)))
        try await receiver.next().complete()
        #expect(await client.response()?.statuses == [200])
      }
      for client in withholding { try? await client.close() }
    }
  }

  @Test func aConnectionTooManyIsTurnedAwayUntilOneLeaves() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, { $0.maxConnections = 1 }) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post())
      let received = try await receiver.next()

      let tooMany = try await RawClient.connect(to: address)
      let refusal = await tooMany.rest()
      #expect(refusal.statuses == [503])
      #expect(refusal.contains("retry-after: "))
      #expect(try await receiver.nextRefusal().reason.status == 503)
      received.complete()
      #expect(await client.response()?.statuses == [200])
      try await client.close()
      let next = try await RawClient.connect(to: address)
      try await next.send(Requests.post())
      try await receiver.next().complete()
      #expect(await next.response()?.statuses == [200])
    }
  }

  /// Over all event loops: the server has two.
  @Test func theConnectionThatIsIdleLongestGivesItsPlaceToANewOne() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, { $0.maxConnections = 5 }) { _, address in
      var clients: [RawClient] = []
      for _ in 0..<5 {
        clients.append(try await RawClient.connect(to: address))
        try await clients.last?.send(Requests.post())
        try await receiver.next().complete()
        #expect(await clients.last?.response()?.statuses == [200])
      }
      // The first has the shortest rest behind it now, and the second is at work.
      try await clients[0].send(Requests.post())
      try await receiver.next().complete()
      _ = await clients[0].response()
      try await clients[1].send(Requests.post())
      let atWork = try await receiver.next()
      for victim in [2, 3, 4, 0] {
        let newcomer = try await RawClient.connect(to: address)
        try await newcomer.send(Requests.post())
        let received = try await receiver.next()
        #expect(await clients[victim].rest() == "")
        clients.append(newcomer)
        _ = received  // Not idle: it stays.
      }
      let tooMany = try await RawClient.connect(to: address)
      #expect(await tooMany.rest().statuses == [503])
      atWork.complete()
      #expect(await clients[1].response()?.statuses == [200])
      for client in clients { try? await client.close() }
    }
  }

  @Test func aConnectionThatIsTurnedAwayWithoutAWordIsCounted() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, { $0.maxConnections = 1 }) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post())
      let received = try await receiver.next()
      var flood: [RawClient] = []
      for _ in 0..<ConnectionLimit.maxTurnedAway + 20 {
        if let connection = try? await RawClient.connect(to: address) { flood.append(connection) }
      }
      for _ in 0..<ConnectionLimit.maxTurnedAway + 20 {
        #expect(try await receiver.nextRefusal().reason.status == 503)
      }
      received.complete()
      #expect(await client.response()?.statuses == [200])
      for connection in flood { try? await connection.close() }
    }
  }

  @Test func thoseTurnedAwayAreBoundedToo() {
    let limit = ConnectionLimit(maxOpen: 2)
    #expect([limit.admit(), limit.admit()] == [.open, .open])
    let turnedAway = (0..<1000).compactMap { _ in limit.admit() }
    #expect(
      turnedAway == Array(repeating: .turnedAway(.tooManyConnections), count: ConnectionLimit.maxTurnedAway))
    limit.leave(.open)
    #expect(limit.admit() == .open)
    limit.leave(.turnedAway(.tooManyConnections))
    #expect(limit.admit() == .turnedAway(.tooManyConnections))
  }

  @Test func aFloodOfConnectionsDoesNotDisturbThoseThatAreServed() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver, { $0.maxConnections = 1 }) { _, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post())
      let received = try await receiver.next()
      var flood: [RawClient] = []
      for _ in 0..<ConnectionLimit.maxTurnedAway + 20 {
        // Beyond what may wait for its 503 a connection may be closed before it is ready.
        if let connection = try? await RawClient.connect(to: address) { flood.append(connection) }
      }
      var told = 0
      for connection in flood {
        let answer = await connection.rest()
        #expect(answer == "" || answer.statuses == [503])
        if answer.statuses == [503] { told += 1 }
      }
      #expect(told > 0)
      received.complete()
      #expect(await client.response()?.statuses == [200])
      for connection in flood { try? await connection.close() }
    }
  }

  @Test func aManyfoldOfConnectionsIsServedAndForgotten() async throws {
    try await withServer(StreamReceiver(answersAtOnce: true), { $0.maxConnections = 8 }) { _, address in
      for _ in 0..<100 {
        let client = try await RawClient.connect(to: address)
        try await client.send(Requests.post(headers: ["Connection: close"]))
        #expect(await client.rest().statuses == [200])
      }
    }
  }
}
