import Testing

@testable import RelayCurl

/// Whose a socket is and what epoll knows of it, with real sockets and the real epoll.
@Suite struct WatchedSocketsTests {
  private let bench = SocketsBench()

  // MARK: Watching

  @Test func aWatchedSocketIsItsWatchersOnceItHasSomethingToSay() {
    let pair = SocketPair()
    bench.opened(pair.number)
    bench.watch(pair.number, .input, for: bench.first)
    #expect(bench.ready() == [])
    pair.speak()
    #expect(bench.ready() == [pair.number])
    #expect(bench.owner(of: pair.number) === bench.first)
  }

  @Test func aSocketIsWhoseItWasWatchedForLast() {
    let pair = SocketPair()
    bench.watch(pair.number, .input, for: bench.first)
    bench.watch(pair.number, .input, for: bench.second)
    #expect(bench.owner(of: pair.number) === bench.second)
  }

  @Test(arguments: [true, false])
  func whatASocketIsWatchedForMayChange(isConnection: Bool) {
    let pair = SocketPair()
    if isConnection { bench.opened(pair.number) }
    bench.watch(pair.number, .output, for: bench.first)
    #expect(bench.ready() == [pair.number])
    bench.watch(pair.number, .input, for: bench.first)
    #expect(bench.ready() == [])
    pair.speak()
    #expect(bench.ready() == [pair.number])
  }

  @Test func aSocketThatWasNeverSpokenOfIsNobodys() {
    let pair = SocketPair()
    bench.release(pair.number)
    bench.closing(pair.number)
    bench.opened(-1)
    #expect(bench.owner(of: pair.number) == nil)
    #expect(bench.ready() == [])
  }

  // MARK: A released connection

  @Test func aReleasedConnectionStaysWithEpoll() {
    let pair = bench.releasedConnection()
    #expect(bench.ready() == [])
    pair.speak()
    #expect(bench.ready() == [pair.number])
  }

  @Test func aReleasedConnectionIsWatchedAgainWithoutANewRegistration() {
    let pair = bench.releasedConnection()
    // Behind its back: if it told epoll anything now, epoll would know the socket again.
    bench.poller.forget(pair.number)
    bench.watch(pair.number, .input, for: bench.second)
    pair.speak()
    #expect(bench.ready() == [])
    #expect(bench.owner(of: pair.number) === bench.second)
  }

  @Test func aConnectionThatIsReleasedAndWatchedAgainHearsWhatComes() {
    let pair = bench.releasedConnection()
    for watcher in [bench.second, bench.first] {
      bench.watch(pair.number, .input, for: watcher)
      pair.speak()
      #expect(bench.ready() == [pair.number])
      #expect(bench.owner(of: pair.number) === watcher)
      pair.listen()
      bench.release(pair.number)
      #expect(bench.ready() == [])
    }
  }

  @Test func aReleasedConnectionThatSpeaksIsForgottenByEpoll() {
    let pair = bench.releasedConnection()
    pair.speak()
    #expect(bench.ready() == [pair.number])
    #expect(bench.owner(of: pair.number) == nil)
    #expect(bench.ready() == [], "it still has something to say, but nobody asks")
  }

  @Test func aConnectionThatEpollHasForgottenIsRegisteredAnew() {
    let pair = bench.releasedConnection()
    pair.speak()
    #expect(bench.owner(of: pair.number) == nil)
    bench.watch(pair.number, .input, for: bench.second)
    #expect(bench.ready() == [pair.number])
    #expect(bench.owner(of: pair.number) === bench.second)
  }

  // MARK: What doesn't stay

  @Test func aSocketThatWasNotOpenedForAConnectionIsForgottenAtItsRelease() {
    let pair = SocketPair()
    bench.watch(pair.number, .input, for: bench.first)
    bench.release(pair.number)
    pair.speak()
    #expect(bench.ready() == [])
    #expect(bench.owner(of: pair.number) == nil)
    bench.watch(pair.number, .input, for: bench.second)
    #expect(bench.ready() == [pair.number])
  }

  @Test(arguments: [SocketsBench.Events.output, .both])
  func aConnectionThatIsWatchedForWritingIsForgottenAtItsRelease(events: SocketsBench.Events) {
    let pair = SocketPair()
    bench.opened(pair.number)
    bench.watch(pair.number, events, for: bench.first)
    #expect(bench.ready() == [pair.number])
    bench.release(pair.number)
    #expect(bench.ready() == [])
    bench.watch(pair.number, events, for: bench.first)
    #expect(bench.ready() == [pair.number])
  }

  // MARK: Closing

  @Test func aSocketThatIsClosingIsNobodys() {
    let pair = SocketPair()
    bench.opened(pair.number)
    bench.watch(pair.number, .input, for: bench.first)
    bench.closing(pair.number)
    #expect(bench.owner(of: pair.number) == nil)
  }

  @Test(arguments: [true, false], [true, false])
  func aNewSocketOfTheSameNumberIsRegisteredAnew(wasReleased: Bool, isConnection: Bool) {
    let pair = SocketPair()
    bench.opened(pair.number)
    bench.watch(pair.number, .input, for: bench.first)
    if wasReleased { bench.release(pair.number) }
    bench.closing(pair.number)
    let next = SocketPair(inPlaceOf: pair)
    if isConnection { bench.opened(next.number) }
    bench.watch(next.number, .input, for: bench.second)
    next.speak()
    #expect(bench.ready() == [next.number])
    #expect(bench.owner(of: next.number) === bench.second)
  }

  @Test func aNewConnectionIsRegisteredAnewEvenIfTheOldOneWasClosedWithoutAWord() {
    let pair = bench.releasedConnection()
    let next = SocketPair(inPlaceOf: pair)
    bench.opened(next.number)
    bench.watch(next.number, .input, for: bench.second)
    next.speak()
    #expect(bench.ready() == [next.number])
  }

  @Test func aNewConnectionIsNobodysEvenIfTheOldOneWasClosedWithoutAWord() {
    let pair = SocketPair()
    bench.opened(pair.number)
    bench.watch(pair.number, .input, for: bench.first)
    let next = SocketPair(inPlaceOf: pair)
    bench.opened(next.number)
    #expect(bench.owner(of: next.number) == nil)
  }

  @Test func whatFollowsAConnectionUnderItsNumberIsNoConnection() {
    let pair = bench.releasedConnection()
    bench.closing(pair.number)
    let next = SocketPair(inPlaceOf: pair)
    bench.watch(next.number, .input, for: bench.second)
    bench.release(next.number)
    next.speak()
    #expect(bench.ready() == [])
  }
}
