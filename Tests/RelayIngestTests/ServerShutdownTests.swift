import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline
import Testing

@testable import RelayIngest

@Suite(.timeLimit(.minutes(15))) struct ServerShutdownTests {
  @Test func aRequestInFlightIsAnsweredAndIdleConnectionsAreClosedAtOnce() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { server, address in
      let idle = try await RawClient.connect(to: address)
      try await idle.send(Requests.head("GET", "/healthz"))
      _ = await idle.response()
      let busy = try await RawClient.connect(to: address)
      try await busy.send(Requests.post())
      let received = try await receiver.next()

      async let shutdown: Void = server.shutdown(drain: .seconds(50))
      #expect(await idle.rest() == "")
      await #expect(throws: (any Error).self) { try await RawClient.connect(to: address) }
      received.complete()
      let answer = await busy.rest()
      #expect(answer.statuses == [200])
      #expect(answer.contains("connection: close\r\n"))
      try await busy.close()
      await shutdown
    }
  }

  /// The request comes when the shutdown has begun: the connection was there before.
  @Test func aConnectionThatHasJustBeenMadeGetsItsAnswer() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    // A busy machine may take its time.
    try await withServer(receiver, firstRequestPatience: .seconds(50)) { server, address in
      let fresh = try await RawClient.connect(to: address)
      // It came after the new one, so that one was accepted, too.
      let idle = try await RawClient.connect(to: address)
      try await idle.send(Requests.head("GET", "/healthz"))
      _ = await idle.response()
      async let shutdown: Void = server.shutdown(drain: .seconds(50))
      #expect(await idle.rest() == "", "it has begun")
      try await fresh.send(Requests.post())
      #expect(await fresh.rest().statuses == [200])
      try await fresh.close()
      await shutdown
    }
  }

  @Test func aBodyThatIsStillComingIsWaitedFor() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    try await withServer(receiver) { server, address in
      let idle = try await RawClient.connect(to: address)
      try await idle.send(Requests.head("GET", "/healthz"))
      _ = await idle.response()
      let busy = try await RawClient.connect(to: address)
      try await busy.send(
        Requests.head("POST", "/huggy", headers: ["Content-Length: 2", "Expect: 100-continue"]))
      _ = await busy.response()

      async let shutdown: Void = server.shutdown(drain: .seconds(50))
      _ = await idle.rest()
      try await busy.send("{}")
      #expect(await busy.rest().statuses == [200])
      try await busy.close()
      await shutdown
    }
  }

  @Test func aReceiverThatNeverAnswersIsWaitedForNoLongerThanTheDrain() async throws {
    let receiver = StreamReceiver()
    try await withServer(receiver) { server, address in
      let client = try await RawClient.connect(to: address)
      try await client.send(Requests.post())
      let received = try await receiver.next()
      await server.shutdown(drain: .milliseconds(20))
      #expect(await client.rest() == "")
      received.complete()
    }
  }

  @Test func shutdownMayBeCalledTwiceAndBeforeStart() async throws {
    try await withServer(StreamReceiver()) { server, address in
      _ = try await RawClient.connect(to: address)
      async let first: Void = server.shutdown(drain: .seconds(50))
      async let second: Void = server.shutdown(drain: .seconds(50))
      _ = await (first, second)
      let error = await #expect(throws: ListenError.self) { try await server.start() }
      #expect(error?.code == .shutDown)
    }
  }

  @Test func aSecondServerOnTheSamePortSaysWhatToDo() async throws {
    try await withServer(StreamReceiver()) { server, address in
      let error = await #expect(throws: ListenError.self) {
        try await withServer(StreamReceiver(), { $0.listen = address }) { _, _ in }
      }
      #expect(error?.code == .addressInUse)
      #expect(error?.description.contains("change server.listen") == true)
      let again = await #expect(throws: ListenError.self) { try await server.start() }
      #expect(again?.code == .alreadyStarted)
    }
  }

  @Test func anAddressOfAnotherMachineSaysWhatToDo() async throws {
    let error = await #expect(throws: ListenError.self) {
      try await withServer(
        StreamReceiver(), { $0.listen = ListenAddress(host: "192.0.2.1", port: 0) }
      ) { _, _ in }
    }
    #expect(error?.code == .addressNotAvailable)
    #expect(error?.description.hasPrefix("server.listen 192.0.2.1:0: ") == true)
  }
}
