import Glibc
import NIOCore
import NIOPosix
import RelayCore
import RelayListening
import RelayPipeline
import RelayThreads
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

  /// As while a load balancer still sends to a relay that is told to end. Broken by a socket that is closed while connections wait in its queue.
  @Test func connectionsThatNobodyHasAcceptedYetGetTheirAnswers() async throws {
    let receiver = StreamReceiver(answersAtOnce: true)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    try await withServer(receiver, group: group, firstRequestPatience: .seconds(50)) { server, address in
      let isBusy = Monitor(true)
      // Nothing is accepted meanwhile.
      let loops = group.makeIterator().map { loop in
        loop.submit { isBusy.wait { isBusy in isBusy ? nil : true } }
      }
      async let shutdown: Void = server.shutdown(drain: .seconds(50))
      while true {
        let refusal = await #expect(throws: ListenError.self) { try await server.start() }
        guard refusal?.code == .alreadyStarted else { break }
        await Task.yield()
      }
      var clients: [RawClient] = []
      for number in 0..<40 {
        let client = try await RawClient.connect(to: address)
        try await client.send(Requests.post("<\(number)>"))
        clients.append(client)
      }
      isBusy.update { $0 = false }
      for loop in loops { _ = try await loop.get() }
      for (number, client) in clients.enumerated() {
        let answer = await client.rest()
        #expect(answer.statuses == [200])
        #expect(answer.hasSuffix("<\(number)>"))
        try? await client.close()
      }
      await shutdown
    }
  }

  @Test func allThatWaitsInASocketsQueueIsTakenAtOnce() throws {
    let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
    defer { close(listening) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let senders = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> [Int32] in
        guard bind(listening, address, size) == 0, listen(listening, 16) == 0,
          getsockname(listening, address, &size) == 0
        else { return [] }
        return (0..<3).map { _ in
          let sender = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
          _ = connect(sender, address, size)
          return sender
        }
      }
    }
    let taken = AcceptQueue.takeAll(of: listening)
    #expect(senders.count == 3)
    #expect(taken.count == 3)
    #expect(taken.allSatisfy { fcntl($0, F_GETFD) == FD_CLOEXEC })
    #expect(AcceptQueue.takeAll(of: listening) == [])
    for descriptor in senders + taken { close(descriptor) }
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
