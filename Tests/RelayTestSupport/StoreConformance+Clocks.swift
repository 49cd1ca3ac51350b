import RelayCore
import Testing

extension StoreConformance {
  /// The steady time over restarts, and stored times that are not to be believed.
  package static let clocks = [
    StoreClaim("theSteadyTimeGoesOnOverARestartOfTheRelayWhateverTheWallClockIsSetTo") { bench in
      let machine = bench.machine
      let store = try await bench.open(clock: machine)
      machine.pass(.seconds(5))
      let before = machine.now()
      store.close()
      machine.pass(.seconds(100))
      machine.setWall(by: .seconds(-86_400))
      _ = try await bench.open(clock: machine)
      #expect(before.duration(to: machine.now()) == .seconds(100))
      #expect(machine.history.offset == .seconds(-86_400))
    },
    StoreClaim("theAbsenceOfTheMachineAgesNothing") { bench in
      let machine = bench.machine
      let store = try await bench.open(clock: machine)
      machine.pass(.seconds(5))
      let before = machine.now()
      store.close()
      machine.reboot(after: .seconds(30 * 86_400))
      _ = try await bench.open(clock: machine)
      // A little later than it was: after all that was timed by then.
      #expect(before.duration(to: machine.now()) == SteadyTime.keepingInterval)
      #expect(machine.reading().wall == .second(5 + 30 * 86_400))
    },
    StoreClaim("theSteadyTimeGoesOnOverManyRestartsOfBothKinds") { bench in
      let machine = bench.machine
      var store = try await bench.open(clock: machine)
      var expected = machine.now()
      for round in 0..<6 {
        machine.pass(.seconds(7))
        expected = expected.advanced(by: .seconds(7))
        machine.setWall(by: .seconds(round % 2 == 0 ? 1_000 : -3_000))
        store.close()
        if round % 3 == 0 {
          machine.reboot(after: .seconds(500))
          expected = expected.advanced(by: SteadyTime.keepingInterval)
        }
        store = try await bench.open(clock: machine)
        #expect(machine.now() == expected)
      }
    },
    StoreClaim("whatTheWallClockShowedIsKeptOverRestarts") { bench in
      let machine = bench.machine
      let store = try await bench.open(clock: machine)
      let first = machine.now()
      machine.pass(.seconds(10))
      machine.setWall(by: .seconds(3_600))
      _ = machine.reading()
      let second = machine.now()
      machine.pass(.seconds(10))
      store.close()
      machine.reboot(after: .seconds(100))
      _ = try await bench.open(clock: machine)
      #expect(machine.history.wall(at: first) == .second(0))
      #expect(machine.history.wall(at: second) == .second(3_610))
      #expect(machine.history.wall(at: machine.now()) == .second(3_720))
    },
    StoreClaim("aRetryBeyondAllBoundsIsBroughtWithinThem") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(events: 3))
      await store.settle(held[0].retried(at: 5), held[1].retried(at: 5_000), held[2].retried(at: 900_000))
      let first = await store.claim(.retrying, now: .second(10), latestDue: .second(100))
      #expect(first.ids == [held[0].id] && first.nextDue == .second(100))
      await store.settle(held[0].settled(.delivered))
      let again = try await bench.reopen(store)
      #expect(await again.claim(.retrying, now: .second(4), latestDue: .second(200)).nextDue == .second(100))
      #expect(await again.claim(.retrying, now: .second(100)).ids == held.dropFirst().map(\.id))
    },
    StoreClaim("aRetryWithinItsBoundsKeepsItsTime") { bench in
      let store = try await bench.open()
      let held = try await store.stored(bench.make.envelope(to: ["crm", "bi"]))
      await store.settle(held[0].retried(at: 100), held[1].retried(at: 5_000))
      #expect(await store.claim(.retrying, now: .second(10), latestDue: .second(100)).nextDue == .second(100))
      #expect(await store.claim(.retrying, of: "bi", now: .second(10)).nextDue == .second(5_000))
    },
    StoreClaim("whatIsToBeChangedIsChosenByWhatTheWallClockShowed") { bench in
      let store = try await bench.open()
      // An hour back after the first: the second was received before it, as people tell the time.
      let first = try await store.stored(bench.make.envelope(at: .second(0))).only
      bench.clock.advance(by: .seconds(10))
      bench.clock.setWall(ahead: .seconds(-3_600))
      let second = try await store.stored(bench.make.envelope(at: .second(10))).only
      store.release([first.id, second.id])
      let before = DeliveryFilter(until: .second(0))
      #expect(try await store.change(.discard, .filter(before)) == 1)
      #expect(await store.claim().ids == [first.id])
    },
    StoreClaim("theSameBytesAreADuplicateOnlyWhileTheWallClockSaysSoToo") { bench in
      let store = try await bench.open()
      let window = 1_000
      func twin(at second: Int, wall: Int) async throws -> Bool {
        let envelope = bench.make.envelope(
          bytes: 1, at: .second(second), since: .second(second - window), wallSince: .second(wall - window))
        if case .duplicate = try await store.append(envelope) { return true }
        return false
      }
      #expect(try await !twin(at: 0, wall: 0))
      // Set back, it is within the window; set forward, it is past.
      bench.clock.setWall(ahead: .seconds(-5_000))
      #expect(try await twin(at: 10, wall: -4_990))
      bench.clock.advance(by: .seconds(20))
      bench.clock.setWall(ahead: .seconds(5_000))
      #expect(try await !twin(at: 20, wall: 5_020))
      #expect(try await twin(at: 30, wall: 5_030))
    },
  ]
}
